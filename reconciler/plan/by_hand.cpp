#include "reconciler/plan/by_hand.hpp"

#include <set>

namespace reconciler {

std::optional<std::string> runs_by_hand(const Observation& observation, const Memory& memory) {
  if (!memory.current || memory.touched) return std::nullopt;
  std::set<std::string> drivers;
  std::set<std::string> tags;
  for (const auto& r : observation.resources) {
    if (r.version.empty()) continue;
    drivers.insert(r.id.driver);
    tags.insert(r.version);
  }
  if (drivers.size() < 2 || tags.size() != 1) return std::nullopt;
  const std::string& tag = *tags.begin();
  if (tag == memory.current->tag || memory.overruled == tag) return std::nullopt;
  return tag;
}

std::optional<std::string> deployed_by_hand(const Desired& desired, const Observation& observation,
                                            const Memory& memory) {
  if (!memory.current || desired.tag != memory.current->tag) return std::nullopt;
  return runs_by_hand(observation, memory);
}

}  // namespace reconciler
