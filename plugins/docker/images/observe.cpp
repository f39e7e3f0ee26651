#include <fmt/format.h>

#include "plugins/docker/images/images.hpp"
#include "plugins/docker/services/names.hpp"
#include "plugins/docker/services/state.hpp"

namespace reconciler::docker {
namespace {

enum class Standing { missing, right, other_inputs, not_ours };

Standing standing_of(const Image& image, const Look& look) {
  const SeenImage* seen = look.image_by_reference(image.reference);
  if (!seen) return Standing::missing;
  if (image.build_service.empty()) return Standing::right;
  const auto inputs = text_at(seen->labels, label::inputs);
  if (inputs.empty()) return Standing::not_ours;
  return inputs == image.inputs ? Standing::right : Standing::other_inputs;
}

/// An image that was built from the wanted inputs, or, of those that are pulled, the one that a
/// container runs under the wanted name: its tag was taken away, and is put back.
std::string untagged(const Image& image, const CompiledModel& model, const Look& look) {
  for (const auto& seen : look.images)
    if (!image.inputs.empty() && text_at(seen.labels, label::inputs) == image.inputs &&
        text_at(seen.labels, label::commit) == model.commit)
      return seen.id;
  for (const auto& container : look.containers) {
    const Json* config = member(container.inspect, "Config");
    if (!config ||
        familiar_reference(text_at(*config, "Image")) != familiar_reference(image.reference))
      continue;
    // Built images are known by their inputs; one from others is no stand-in.
    if (image.build_service.empty() && look.image_config(container.image_id()))
      return container.image_id();
  }
  return "";
}

std::string why(Standing standing) {
  switch (standing) {
    case Standing::missing:
      return "not on the host";
    case Standing::other_inputs:
      return "built from other inputs";
    case Standing::not_ours:
      return "not built by reconciler";
    case Standing::right:
      break;
  }
  return "";
}

Work supply(const Image& image, const Look& look, const CompiledModel& model, std::string& reason) {
  Work work;
  work.phase = Phase::supply;
  work.targets = {image_id(image.reference)};
  JsonObject input{{"image", image.reference}, {"model", model.key}};
  if (const auto id = untagged(image, model, look); !id.empty()) {
    work.verb = "tag";
    input["id"] = id;
    reason = fmt::format("its tag was taken away from {}", short_id(id));
    work.calls = {fmt::format("POST /images/tag {} {}", id, image.reference)};
  } else if (image.build_service.empty()) {
    work.verb = "pull";
    work.calls = {"POST /images/create " + image.reference};
  } else {
    work.verb = "build";
    input["service"] = image.build_service;
    input["inputs"] = image.inputs;
    work.calls = {"POST /build " + image.reference};
  }
  work.input = std::move(input);
  return work;
}

}  // namespace

ChangingImages changing_images(const CompiledModel& model, const Look& look) {
  ChangingImages changing;
  for (const auto& image : model.images)
    if (standing_of(image, look) != Standing::right)
      changing[image.reference] = untagged(image, model, look);
  return changing;
}

void observe_images(const Context& context, const CompiledModel& model, const Look& look,
                    Observation& into) {
  for (const auto& image : model.images) {
    const SeenImage* seen = look.image_by_reference(image.reference);
    const auto standing = standing_of(image, look);
    Resource r;
    r.id = image_id(image.reference);
    r.desired = image.build_service.empty() ? "present"
                                            : context.digest(JsonObject{{"inputs", image.inputs}});
    r.health = Health::none;
    r.ours = seen && !text_at(seen->labels, label::inputs).empty();
    r.state = seen ? "on the host" : "not on the host";
    if (seen) r.summary = short_id(seen->id);
    r.reason = why(standing);
    if (standing == Standing::right)
      r.observed = r.desired;
    else if (seen)
      r.observed = context.digest(JsonObject{{"id", seen->id}});
    if (standing != Standing::right) {
      r.differences = {{"image", seen ? short_id(seen->id) : "not on the host", ""}};
      Work work = supply(image, look, model, r.reason);
      r.differences[0].after = work.verb == "build" ? "built"
                               : work.verb == "tag" ? "tagged"
                                                    : "pulled";
      r.remedies[Aim::match] = {work};
      r.remedies[Aim::run] = {std::move(work)};
    }
    into.resources.push_back(std::move(r));
  }
}

}  // namespace reconciler::docker
