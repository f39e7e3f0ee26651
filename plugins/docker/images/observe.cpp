#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "plugins/docker/images/images.hpp"
#include "plugins/docker/images/taken.hpp"
#include "plugins/docker/services/names.hpp"
#include "plugins/docker/services/place.hpp"
#include "plugins/docker/services/platform.hpp"
#include "plugins/docker/services/restore.hpp"
#include "plugins/docker/services/state.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

enum class Standing {
  missing,
  right,
  other_inputs,
  not_ours,
  other_platform,
  asked_again,
  asked_anew,
  moved,  ///< a recorded image whose name stands for another one, or for none
  gone,   ///< a recorded image that is not on the host, and is needed
};

std::string why(Standing standing) {
  switch (standing) {
    case Standing::missing:
      return "not on the host";
    case Standing::other_inputs:
      return "built from other inputs";
    case Standing::not_ours:
      return "not built by reconciler";
    case Standing::other_platform:
      return "of another platform";
    case Standing::asked_again:
      return "its pull_policy asks for it with each version";
    case Standing::asked_anew:
      return "asked to be built anew";
    case Standing::moved:
      return "its name was given to another image";
    case Standing::gone:
      return "gone from the host";
    case Standing::right:
      break;
  }
  return "";
}

/// `always`, `daily`, `every_12h` and the like: with each new version, not at each look.
bool is_pulled_again(const Image& image) {
  static const std::set<std::string_view> only_missing = {"", "missing", "if_not_present", "never",
                                                          "build"};
  return image.build_service.empty() && !only_missing.contains(image.pull_policy);
}

bool never_pulled(const Image& image) {
  return image.build_service.empty() && image.pull_policy == "never";
}

/// Its record on the host was taken away; what runs from it goes on.
bool runs(const Image& image, const Look& look) {
  return std::ranges::any_of(look.containers, [&](const Seen& seen) {
    return seen.up() && text_at(member_or_null(seen.inspect, "Config"), "Image") == image.reference;
  });
}

Error not_to_be_pulled(const Image& image, Standing standing) {
  const auto platform = image.platform.empty() ? "" : "--platform " + image.platform + " ";
  return error(standing == Standing::other_platform ? "image.platform" : "image.missing",
               fmt::format("image {} of {} is {}, and its pull_policy is never", image.reference,
                           join(image.services, ", "), why(standing)))
      .next(fmt::format("docker pull {}{}, or another pull_policy", platform, image.reference));
}

bool is_of(const Image& image, const Container& container) {
  return familiar_reference(text_at(container.config, "Image")) ==
         familiar_reference(image.reference);
}

bool is_of_a_task(const Image& image, const CompiledModel& model) {
  return std::ranges::any_of(model.tasks,
                             [&](const auto& task) { return is_of(image, task.second); });
}

/// A container of a service is to be made from it: there is none that is right, in its place or
/// kept.
bool is_needed(const Image& image, const CompiledModel& model, const Look& look) {
  const auto places = place_all(model, look, {});
  return std::ranges::any_of(places, [&](const Place& place) {
    return is_of(image, *place.wanted) && !place.prev_is_right &&
           !(place.current && place.keeps_container());
  });
}

/// A name that is pulled may be others' too: it is left alone where nothing is made from it.
Standing standing_of_recorded(const Image& image, const CompiledModel& model, const Look& look) {
  const SeenImage* seen = look.image_by_reference(image.reference);
  if (seen && seen->id == image.id) return Standing::right;
  const bool here = look.image_by_id(image.id) != nullptr;
  if (here && !image.build_service.empty()) return Standing::moved;
  // A digest that was taken away is no tag that can be put back: under that name it is gone.
  const bool found = here && !is_by_digest(image.reference);
  if (is_needed(image, model, look)) return found ? Standing::moved : Standing::gone;
  // A task that is not run needs no image; one that is says which is gone.
  return found && is_of_a_task(image, model) ? Standing::moved : Standing::right;
}

Standing standing_of(const Image& image, const CompiledModel& model, const Look& look,
                     const WantedVersion& version) {
  if (!image.id.empty()) return standing_of_recorded(image, model, look);
  const SeenImage* seen = look.image_by_reference(image.reference);
  if (!seen) return never_pulled(image) && runs(image, look) ? Standing::right : Standing::missing;
  if (!image.platform.empty() && !same_platform(image.platform, look.image_platform(seen->id)))
    return Standing::other_platform;
  if (version.is_new && is_pulled_again(image)) return Standing::asked_again;
  if (image.build_service.empty()) return Standing::right;
  if (version.rebuild) return Standing::asked_anew;
  const auto inputs = text_at(seen->labels, label::inputs);
  if (inputs.empty())
    return version.taken.contains(image.reference) ? Standing::right : Standing::not_ours;
  return inputs == image.inputs ? Standing::right : Standing::other_inputs;
}

/// An image that was built from the wanted inputs, or, of those that are pulled, the one that a
/// container runs under the wanted name: its tag was taken away, and is put back. A digest can only
/// be pulled, and what comes is the same.
std::string stands_in(const Image& image, Standing standing, const CompiledModel& model,
                      const Look& look) {
  if (standing == Standing::other_platform || standing == Standing::asked_again ||
      standing == Standing::asked_anew)
    return "";
  if (standing == Standing::moved) return image.id;
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

Work supply(const Image& image, Standing standing, const Look& look, const CompiledModel& model,
            std::string& reason) {
  Work work;
  work.phase = Phase::supply;
  work.targets = {image_id(image.reference)};
  JsonObject input{{"image", image.reference}, {"model", model.key}};
  const auto id = stands_in(image, standing, model, look);
  if (!id.empty() && !is_by_digest(image.reference)) {
    work.verb = "tag";
    input["id"] = id;
    reason = fmt::format("its tag was taken away from {}", short_id(id));
    work.calls = {fmt::format("POST /images/tag {} {}", id, image.reference)};
  } else if (image.build_service.empty()) {
    work.verb = "pull";
    work.calls = {"POST /images/create " + without_idle_tag(image.reference)};
  } else {
    work.verb = "build";
    input["service"] = image.build_service;
    input["inputs"] = image.inputs;
    if (standing == Standing::asked_anew) input["anew"] = true;
    work.calls = {"POST /build " + image.reference};
  }
  work.input = std::move(input);
  return work;
}

}  // namespace

ChangingImages changing_images(const CompiledModel& model, const Look& look,
                               const WantedVersion& version) {
  ChangingImages changing;
  for (const auto& image : model.images) {
    const auto standing = standing_of(image, model, look, version);
    // Whether what is pulled again is another one is known when it is there: the next look tells.
    if (standing != Standing::right && standing != Standing::asked_again)
      changing[image.reference] = stands_in(image, standing, model, look);
  }
  return changing;
}

Status observe_images(const Context& context, const CompiledModel& model, const Look& look,
                      const WantedVersion& version, Observation& into) {
  std::vector<Error> refused;
  for (const auto& image : model.images) {
    const SeenImage* seen = look.image_by_reference(image.reference);
    const auto standing = standing_of(image, model, look, version);
    Resource r;
    r.id = image_id(image.reference);
    r.desired = image.build_service.empty() ? "present"
                                            : context.digest(JsonObject{{"inputs", image.inputs}});
    r.health = Health::none;
    r.supply = true;
    r.ours = seen && !text_at(seen->labels, label::inputs).empty();
    r.artifact = !image.build_service.empty() || image.reference.ends_with(":" + version.tag);
    r.inputs = image.build_service.empty() ? "" : image.inputs;
    if (const auto taken = version.taken.find(image.reference); taken != version.taken.end())
      r.inputs = taken->second;
    r.state = seen ? "on the host" : "not on the host";
    if (seen) r.summary = short_id(seen->id);
    r.reason = why(standing);
    if (standing == Standing::right)
      r.observed = r.desired;
    else if (seen)
      r.observed = context.digest(JsonObject{{"id", seen->id}});
    if (standing != Standing::right) {
      r.differences = {{"image", seen ? short_id(seen->id) : "not on the host", ""}};
      Work work = supply(image, standing, look, model, r.reason);
      if (standing == Standing::gone)
        refused.push_back(image_gone(image));
      else if (work.verb == "pull" && never_pulled(image))
        refused.push_back(not_to_be_pulled(image, standing));
      r.differences[0].after = work.verb == "build" ? "built"
                               : work.verb == "tag" ? "tagged"
                                                    : "pulled";
      r.remedies[Aim::match] = {work};
      r.remedies[Aim::run] = {std::move(work)};
    }
    into.resources.push_back(std::move(r));
  }
  if (!refused.empty()) return failure(gather(std::move(refused)));
  return {};
}

}  // namespace reconciler::docker
