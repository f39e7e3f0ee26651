#include "reconciler/plan/retention.hpp"

#include <fmt/format.h>

namespace reconciler {
namespace {

/// As it will be with the record: current, previous, and what was rejected in their place.
std::set<std::string> counted_on(const Desired& desired, const Memory& memory) {
  std::set<std::string> tags{desired.tag};
  if (memory.current) tags.insert(memory.current->tag);
  const bool moves = memory.current && memory.current->tag != desired.tag;
  if (memory.previous && !moves) tags.insert(memory.previous->tag);
  if (memory.target) tags.insert({memory.target->rejected_tag, memory.target->failed_tag});
  return tags;
}

/// Begun after the version that goes on was recorded: it may be under way still.
bool may_be_under_way(const Tried& tried, const Desired& desired, const Memory& memory) {
  return !memory.versions.empty() && memory.versions.front().tag == desired.tag &&
         tried.at >= memory.versions.front().from;
}

}  // namespace

Retention retention(const Desired& desired, const Memory& memory) {
  Retention let_go;
  if (!desired.keep) return let_go;
  auto counted = counted_on(desired, memory);
  int kept = 0;
  for (const auto& version : memory.versions) {
    // What nothing is left of takes nobody's place.
    if (counted.contains(version.tag) || let_go.tags.contains(version.tag) ||
        version.artifacts.empty())
      continue;
    if (kept < *desired.keep) {
      counted.insert(version.tag);
      ++kept;
    } else {
      let_go.tags.insert(version.tag);
    }
  }
  for (const auto& tried : memory.tried)
    if (!counted.contains(tried.tag) && !may_be_under_way(tried, desired, memory))
      let_go.tags.insert(tried.tag);

  std::set<ResourceId> needed;
  const auto need = [&](const std::string& tag, const Artifacts& artifacts) {
    if (let_go.tags.contains(tag)) return;
    for (const auto& [id, inputs] : artifacts) needed.insert(id);
  };
  for (const auto& version : memory.versions) need(version.tag, version.artifacts);
  for (const auto& tried : memory.tried) need(tried.tag, tried.artifacts);
  const auto drop = [&](const std::string& tag, const Artifacts& artifacts,
                        const std::string& reason) {
    if (!let_go.tags.contains(tag)) return;
    for (const auto& [id, inputs] : artifacts)
      if (!needed.contains(id)) let_go.artifacts.emplace(id, Outdated{inputs, reason});
  };
  for (const auto& version : memory.versions)
    drop(version.tag, version.artifacts, fmt::format("keep is {}", *desired.keep));
  for (const auto& tried : memory.tried)
    drop(tried.tag, tried.artifacts, fmt::format("{} was never recorded", tried.tag));
  return let_go;
}

}  // namespace reconciler
