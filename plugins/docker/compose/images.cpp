#include "plugins/docker/compose/images.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/expand.hpp"
#include "reconciler/base/filesystem.hpp"

namespace reconciler::docker {
namespace {

constexpr std::int64_t nanoseconds = 1'000'000;  // in a millisecond

const Json* build_of(const Json& resolved, const std::string& service) {
  const Json* services = member(resolved, "services");
  const Json* own = services ? member(*services, service) : nullptr;
  const Json* build = own ? member(*own, "build") : nullptr;
  return build && build->is_object() ? build : nullptr;
}

/// The build as it is written, with paths in the tree replaced by what git calls their content.
Result<std::string> inputs_of(const std::string& service, const std::string& platform,
                              const Json& build, const Json& images, const Tree& tree,
                              const Stack& stack, std::string_view key) {
  const Place where = stack.place({"services", service, "build"});
  const auto context = tree.relative(text_at(build, "context"));
  if (!context)
    return failure(error("path.escape",
                         fmt::format("the build context of {} lies outside of the tree", service))
                       .at(where));
  JsonObject all = build.get_object();
  // Files that the host places are links out of the context: builders do not follow them.
  all["context"] = *context + "@" + tree.oid_of(*context);
  if (!member(build, "dockerfile_inline")) {
    const auto file = tree.locate(*context, text_at(build, "dockerfile", "Dockerfile"),
                                  "the Dockerfile of " + service);
    if (!file) return failure(Error(file.error()).at(where));
    all["dockerfile"] = file->relative + "@" + (file->entry ? file->entry->oid : "");
  }
  if (!platform.empty()) all["platform"] = platform;
  all["mode"] = text_at(images, "mode");
  all["manifest_no_cache"] = truth_at(images, "no_cache");
  return keyed_digest(key, canonical(all));
}

}  // namespace

Result<std::vector<Image>> images_of(const Record& record, const Json& resolved, const Json& images,
                                     const Tree& tree, const Stack& stack, std::string_view key) {
  std::map<std::string, Image> by_reference;
  const bool pull_all = text_at(images, "mode") == "pull";
  std::vector<const Container*> users;
  for (const auto& container : record.containers) users.push_back(&container);
  for (const auto& [name, task] : record.tasks) users.push_back(&task);
  std::sort(users.begin(), users.end(),
            [](const auto* a, const auto* b) { return a->service < b->service; });
  for (const auto* user : users) {
    const std::string reference = text_at(user->config, "Image");
    Image& image = by_reference[reference];
    image.reference = reference;
    if (image.services.empty() || image.services.back() != user->service)
      image.services.push_back(user->service);
    const Json* services = member(resolved, "services");
    const Json* own = services ? member(*services, user->service) : nullptr;
    if (image.pull_policy.empty() && own) image.pull_policy = text_at(*own, "pull_policy");
    if (!image.platform.empty() && !user->platform.empty() && image.platform != user->platform)
      return failure(
          error("compose.unsupported", fmt::format("{} would be {} and {}: one name on the host is "
                                                   "one image",
                                                   reference, image.platform, user->platform))
              .at(stack.place({"services", user->service, "platform"}))
              .next("give each service an `image:` of its own"));
    if (image.platform.empty()) image.platform = user->platform;
    const Json* build = pull_all ? nullptr : build_of(resolved, user->service);
    if (!build) continue;
    auto inputs = inputs_of(user->service, user->platform, *build, images, tree, stack, key);
    if (!inputs) return failed(inputs);
    if (!image.build_service.empty() && image.inputs != *inputs)
      return failure(
          error("compose.unsupported", fmt::format("{} and {} build {} from different inputs",
                                                   image.build_service, user->service, reference))
              .at(stack.place({"services", user->service, "build"}))
              .next("give each an `image:` of its own"));
    if (image.build_service.empty()) image.build_service = user->service;
    image.inputs = *inputs;
  }
  std::vector<Image> out;
  for (auto& [reference, image] : by_reference) out.push_back(std::move(image));
  return out;
}

Status add_wanted_images(const Json& images, const Variables& variables, std::vector<Image>& to) {
  std::vector<Error> mistakes;
  const auto also = texts_at(images, "also");
  for (size_t i = 0; i < also.size(); ++i) {
    const Place where{.file = fmt::format("#/images/also/{}", i), .source = ""};
    auto filled = fill(also[i], lookup_in(variables));
    if (!filled) {
      for (auto& mistake : flatten(filled.error()))
        mistakes.push_back(std::move(mistake).at(where));
      continue;
    }
    const std::string& name = filled->reveal();
    if (name.empty() || std::ranges::any_of(name, [](char c) { return c <= ' ' || c == 127; })) {
      mistakes.push_back(
          error("image.name", fmt::format("{} is no name of an image", also[i])).at(where));
      continue;
    }
    if (std::ranges::find(to, name, &Image::reference) != to.end()) continue;
    Image image;
    image.reference = name;
    to.push_back(std::move(image));
  }
  return mistakes.empty() ? Status{} : failure(gather(std::move(mistakes)));
}

Duration patience_of(const Record& record) {
  Duration slowest{0};
  for (const auto& container : record.containers) {
    const Json* check = member(container.config, "Healthcheck");
    if (!check || !check->is_object()) continue;
    const auto test = texts_at(*check, "Test");
    if (!test.empty() && test.front() == "NONE") continue;
    // What is left out is 0 in the record, and the Engine's default then.
    const auto time = [&](std::string_view name, Duration otherwise) {
      const auto value = number_at(*check, name);
      return value > 0 ? Duration(value / nanoseconds) : otherwise;
    };
    const auto retries = number_at(*check, "Retries");
    const Duration one =
        time("Interval", std::chrono::seconds(30)) + time("Timeout", std::chrono::seconds(30));
    slowest =
        std::max(slowest, time("StartPeriod", Duration(0)) + (retries > 0 ? retries : 3) * one);
  }
  return slowest;
}

}  // namespace reconciler::docker
