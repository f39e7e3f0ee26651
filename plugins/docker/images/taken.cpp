#include "plugins/docker/images/taken.hpp"

#include <algorithm>

#include "plugins/docker/services/ids.hpp"
#include "plugins/docker/services/names.hpp"
#include "plugins/docker/services/state.hpp"

namespace reconciler::docker {
namespace {

constexpr std::string_view taken = "taken ";
constexpr std::string_view built_from = " from ";

/// `from`: what it is taken to be built from; empty where nobody could tell.
std::string inputs_of_taken(const std::string& id, const std::string& from) {
  std::string text = std::string(taken) + id;
  return from.empty() ? text : text + std::string(built_from) + from;
}

/// What the ledger knows of it, where it was taken over.
std::string remembered(const Memory& memory, const Image& image, const SeenImage& seen) {
  const auto find = [&](const Artifacts& artifacts) -> std::string {
    const auto found = artifacts.find(image_id(image.reference));
    if (found == artifacts.end() || !is_taken(found->second, seen)) return "";
    const auto from = found->second.find(built_from);
    const bool other =
        from != std::string::npos && found->second.substr(from + built_from.size()) != image.inputs;
    return other ? "" : found->second;
  };
  for (const auto& version : memory.versions)
    if (auto inputs = find(version.artifacts); !inputs.empty()) return inputs;
  for (const auto& tried : memory.tried)
    if (auto inputs = find(tried.artifacts); !inputs.empty()) return inputs;
  return "";
}

std::string tag_of(const std::string& reference) {
  const std::string full = familiar_reference(reference);
  return full.substr(full.rfind(':') + 1);
}

bool of_others(const Seen& container) {
  return !container.oneoff && container.label(label::lineage).empty();
}

/// Others' containers run it, or another one of the version that they run.
bool runs_there(const SeenImage& seen, const Look& look, const std::string& tag) {
  return std::ranges::any_of(look.containers, [&](const Seen& container) {
    return of_others(container) &&
           (container.image_id() == seen.id ||
            (container.up() &&
             tag_of(text_at(member_or_null(container.inspect, "Config"), "Image")) == tag));
  });
}

}  // namespace

bool is_taken(const std::string& inputs, const SeenImage& image) {
  const std::string own = inputs_of_taken(image.id, "");
  return text_at(image.labels, label::inputs).empty() &&
         (inputs == own || inputs.starts_with(own + std::string(built_from)));
}

TakenImages taken_images(const CompiledModel& model, const Look& look, const Memory& memory,
                         const std::string& tag) {
  TakenImages all;
  for (const auto& image : model.images) {
    if (image.build_service.empty() || !image.id.empty()) continue;
    const SeenImage* seen = look.image_by_reference(image.reference);
    if (!seen || !text_at(seen->labels, label::inputs).empty()) continue;
    auto inputs = remembered(memory, image, *seen);
    if (inputs.empty() && !memory.current && !memory.unfinished && runs_there(*seen, look, tag))
      inputs = inputs_of_taken(seen->id, image.inputs);
    if (!inputs.empty()) all[image.reference] = std::move(inputs);
  }
  return all;
}

void observe_older_images(const CompiledModel& model, const Look& look, const Memory& memory,
                          const std::string& tag, Observation& into) {
  if (memory.current || memory.unfinished || std::ranges::none_of(look.containers, of_others))
    return;
  std::set<std::string> names;
  for (const auto& image : model.images)
    if (!image.build_service.empty() && tag_of(image.reference) == tag) {
      const auto full = familiar_reference(image.reference);
      names.insert(full.substr(0, full.rfind(':')));
    }
  for (const auto& seen : look.images)
    for (const auto& reference : seen.tags) {
      if (is_by_digest(reference)) continue;
      const auto other = tag_of(reference);
      if (other == tag || !names.contains(reference.substr(0, reference.rfind(':'))) ||
          !text_at(seen.labels, label::inputs).empty())
        continue;
      Resource r;
      r.id = image_id(reference);
      r.observed = seen.id;
      r.differences = {{"image", short_id(seen.id), ""}};
      r.state = "on the host";
      r.summary = short_id(seen.id);
      r.health = Health::none;
      r.artifact = true;
      r.inputs = inputs_of_taken(seen.id, "");
      r.version = other;
      into.resources.push_back(std::move(r));
    }
}

}  // namespace reconciler::docker
