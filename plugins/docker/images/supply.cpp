#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>

#include "plugins/docker/images/images.hpp"
#include "plugins/docker/services/names.hpp"
#include "plugins/docker/services/platform.hpp"
#include "reconciler/base/failpoint.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/process.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

constexpr Duration build_time = std::chrono::hours(1);
constexpr size_t kept_lines = 20;

/// The last lines, for evidence; each goes to Progress as it comes.
class Lines {
 public:
  explicit Lines(Progress& progress) : progress_(progress) {}
  void add(std::string_view line) {
    const auto text = printable(line);
    progress_.line(text);
    lines_.push_back(text);
    if (lines_.size() > kept_lines) lines_.pop_front();
  }
  Error onto(Error e) const {
    for (const auto& line : lines_) e.facts.push_back({"output", line});
    return e;
  }

 private:
  Progress& progress_;
  std::deque<std::string> lines_;
};

std::map<std::string, std::string> environment(const Context& context) {
  std::map<std::string, std::string> all{
      {"DOCKER_HOST", "unix://" + context.paths.socket},
      {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
      {"BUILDX_NO_DEFAULT_ATTESTATIONS", "1"}};
  if (!context.paths.home.empty()) all["HOME"] = context.paths.home;
  return all;
}

/// The model to build from: with the labels by which the image is known again.
Json with_labels(const CompiledModel& model, const Image& image) {
  Json resolved = model.resolved;
  Json* services = resolved.is_object() ? resolved.as_object().if_contains("services") : nullptr;
  Json* service = services && services->is_object()
                      ? services->as_object().if_contains(image.build_service)
                      : nullptr;
  Json* build =
      service && service->is_object() ? service->as_object().if_contains("build") : nullptr;
  if (!build || !build->is_object()) return resolved;
  Json& labels = build->as_object()["labels"];
  if (!labels.is_object()) labels = JsonObject{};
  labels.as_object()[label::inputs] = image.inputs;
  labels.as_object()[label::commit] = model.commit;
  return resolved;
}

struct Supplied {
  std::string id;
  Json labels;
  std::string platform;
};

/// Another environment that wants the same may have been quicker.
bool is_built(const Image& image, const Supplied& there) {
  return text_at(there.labels, label::inputs) == image.inputs &&
         (image.platform.empty() || same_platform(image.platform, there.platform));
}

/// What came must be for the platform that was asked for, or each plan would ask for it again.
Result<Outcome> finish(const Image& image, const Supplied& made) {
  if (!image.platform.empty() && !same_platform(image.platform, made.platform))
    return failure(error("image.platform", fmt::format("{} is for {}, wanted {}", image.reference,
                                                       made.platform, image.platform))
                       .next("take `platform` out, or name an image that is made for it"));
  return Outcome{Fate::succeeded, Json(JsonObject{{"image", made.id}})};
}

/// The image as it is now, or nothing.
Result<Supplied> inspect(Context& context, const std::string& reference) {
  auto body =
      context.engine.get("/images/" + url_encode(reference) + "/json", context.within(call_time));
  if (!body) return failed(body);
  Supplied image;
  image.id = text_at(*body, "Id");
  image.platform = platform_of(*body);
  if (const Json* config = member(*body, "Config"))
    if (const Json* labels = member(*config, "Labels")) image.labels = *labels;
  return image;
}

/// `anew`: though it is there, and without the build cache.
Result<Outcome> build(Context& context, const CompiledModel& model, const Image& image, bool anew,
                      Progress& progress, std::stop_token stop) {
  if (auto before = inspect(context, image.reference); before && !anew && is_built(image, *before))
    return finish(image, *before);
  Lines lines(progress);
  Command command;
  command.argv = {context.paths.compose_plugin,
                  "-p",
                  model.project,
                  "-f",
                  "-",
                  "--project-directory",
                  "/",
                  "--env-file",
                  "/dev/null",
                  "--progress",
                  "plain",
                  "build"};
  if (anew) command.argv.emplace_back("--no-cache");
  command.argv.insert(command.argv.end(), {"--", image.build_service});
  command.environment = environment(context);
  command.input = canonical(with_labels(model, image));
  command.timeout = build_time;
  command.on_line = [&](std::string_view line) { lines.add(line); };
  if (auto point = failpoint("image.build.before"); !point) return failed(point);
  auto finished = run_process(command, stop);
  if (auto point = failpoint("image.build.after"); !point) return failed(point);
  if (!finished) return failed(finished);
  if (finished->exit_code != 0)
    return failure(
        lines.onto(error("image.build_failed", fmt::format("building {} failed with exit code {}",
                                                           image.reference, finished->exit_code))));
  auto made = inspect(context, image.reference);
  if (!made && made.error().code == "docker.not_found")
    return failure(lines.onto(
        error("image.build_failed",
              fmt::format("the build ended well and there is no image {}", image.reference))));
  if (!made) return failed(made);
  // A builder that dropped the labels would have this image built again at each look.
  for (const auto& [name, wanted] :
       {std::pair{label::inputs, image.inputs}, {label::commit, model.commit}})
    if (const auto there = text_at(made->labels, name); !wanted.empty() && there != wanted)
      return failure(error("image.label", fmt::format("{} was built with {} \"{}\", wanted \"{}\"",
                                                      image.reference, name, there, wanted)));
  return finish(image, *made);
}

Result<Outcome> pull(Context& context, const Image& image, Progress& progress,
                     std::stop_token stop) {
  if (context.paths.docker_cli.empty())
    return failure(
        error("image.pull_failed",
              fmt::format("{} is not on the host, and there is no docker command to pull it with",
                          image.reference))
            .next("apt-get install docker-cli, or docker.io"));
  Lines lines(progress);
  Command command;
  command.argv = {context.paths.docker_cli, "pull"};
  if (!image.platform.empty())
    command.argv.insert(command.argv.end(), {"--platform", image.platform});
  command.argv.insert(command.argv.end(), {"--", image.reference});
  command.environment = environment(context);
  command.timeout = build_time;
  command.on_line = [&](std::string_view line) { lines.add(line); };
  if (auto point = failpoint("image.pull.before"); !point) return failed(point);
  auto finished = run_process(command, stop);
  if (auto point = failpoint("image.pull.after"); !point) return failed(point);
  if (!finished) return failed(finished);
  if (finished->exit_code != 0)
    return failure(
        lines.onto(error("image.pull_failed", fmt::format("pulling {} failed with exit code {}",
                                                          image.reference, finished->exit_code))
                       .passing()));
  auto made = inspect(context, image.reference);
  if (!made && made.error().code == "docker.not_found")
    return failure(lines.onto(
        error("image.pull_failed",
              fmt::format("the pull ended well and there is no image {}", image.reference))));
  if (!made) return failed(made);
  return finish(image, *made);
}

Result<Outcome> tag(Context& context, const Image& image, const std::string& id) {
  const auto name = familiar_reference(image.reference);
  const auto colon = name.rfind(':');
  auto done = context.engine.change(
      "POST",
      fmt::format("/images/{}/tag?repo={}&tag={}", url_encode(id),
                  url_encode(name.substr(0, colon)), url_encode(name.substr(colon + 1))),
      nullptr, context.within(call_time));
  if (!done && done.error().code == "docker.not_found")
    return failure(error("image.missing", fmt::format("the image {} that had the tag {} is gone",
                                                      id, image.reference))
                       .next("plan again")
                       .passing());
  if (!done) return failed(done);
  auto made = inspect(context, image.reference);
  if (!made) return failed(made);
  return finish(image, *made);
}

}  // namespace

Result<Outcome> perform_image_work(Context& context, const CompiledModel& model,
                                   const Attempt& attempt, Progress& progress,
                                   std::stop_token stop) {
  const Json& input = attempt.work.input;
  const auto found = std::ranges::find(model.images, text_at(input, "image"), &Image::reference);
  if (found == model.images.end())
    return failure(
        error("plan.stale", fmt::format("nothing wants image {} any more", text_at(input, "image")))
            .next("plan again"));
  if (attempt.work.verb == "tag") return tag(context, *found, text_at(input, "id"));
  if (attempt.work.verb == "pull") return pull(context, *found, progress, std::move(stop));
  return build(context, model, *found, truth_at(input, "anew"), progress, std::move(stop));
}

}  // namespace reconciler::docker
