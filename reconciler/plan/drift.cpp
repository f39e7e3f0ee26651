#include "reconciler/plan/drift.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/base/text.hpp"
#include "reconciler/plan/planner.hpp"
#include "reconciler/plan/select.hpp"

namespace reconciler {
namespace {

bool is_outcome(Phase phase) {
  return phase == Phase::verify || phase == Phase::record || phase == Phase::prune;
}

/// Nothing but outputs to be written and leftovers to be cleared away.
bool is_tidying(const Resource& resource) {
  return std::ranges::all_of(resource.remedies, [](const auto& remedy) {
    return std::ranges::all_of(remedy.second, [](const Work& work) {
      return work.phase == Phase::record || work.phase == Phase::prune;
    });
  });
}

std::string in_words(const std::pair<ResourceId, std::string>& drifted) {
  return drifted.first.name + " (" + drifted.second + ")";
}

bool ledgers_or_checks(const Action& action) {
  return action.work.phase == Phase::verify || action.work.phase == Phase::prune ||
         action.work.targets.empty() || action.work.targets[0].driver == "ledger";
}

}  // namespace

bool nothing_new(const Desired& desired, const Memory& memory) {
  return memory.current && memory.current->digest == desired.digest &&
         memory.changed_to == version_key(desired) && !release_is_due(desired, memory);
}

Split split_drift(const Desired& desired, const Observation& observation) {
  Split split;
  Observation drift;
  for (const auto& resource : observation.resources)
    (is_tidying(resource) ? split.rest : drift).resources.push_back(resource);
  split.reported = select_remedies(desired, drift, {desired.tag, desired.tag}, false);
  std::erase_if(split.reported, [](const Action& action) { return is_outcome(action.work.phase); });
  return split;
}

bool leaves_down(const Plan& plan) {
  return std::ranges::any_of(plan.reported, [](const Action& action) {
    // What is started and differs in nothing else is not there; a setting of what runs takes none
    // down.
    return (action.work.verb == "start" && action.differences.empty()) ||
           std::ranges::find(action.differences, "state", &Difference::field) !=
               action.differences.end();
  });
}

void judge_drift(Plan& plan, const Memory& memory) {
  std::set<std::pair<ResourceId, std::string>> too_often;
  for (const auto& action : plan.actions) {
    if (ledgers_or_checks(action)) continue;
    std::set<std::string> fields;
    for (const auto& difference : action.differences) fields.insert(difference.field);
    if (fields.empty()) fields.insert(action.reason);  // it is not there at all
    for (const auto& field : fields) {
      const auto one = std::pair(action.work.targets[0], field);
      plan.drifted.insert(one);
      const auto times = memory.returns.find(one);
      if (times != memory.returns.end() && times->second >= most_put_right) too_often.insert(one);
    }
  }
  if (too_often.empty()) return;
  std::vector<std::string> named;
  for (const auto& one : too_often) named.push_back(in_words(one));
  plan.drifted = std::move(too_often);
  plan.actions.clear();
  plan.stalled = Stall{
      "Flapping",
      fmt::format("{} {} changed again after having been put right {} times, and nothing is "
                  "touched any more",
                  enumerate(named), named.size() == 1 ? "is" : "are", most_put_right),
      fmt::format("find out who changes it, then: reconciler retry {}", plan.environment.text())};
}

std::vector<std::string> left_alone(const Observation& observation, const Memory& memory) {
  std::vector<std::string> named;
  for (const auto& [one, times] : memory.returns) {
    const auto now = std::ranges::find(observation.resources, one.first, &Resource::id);
    if (times <= most_put_right || now == observation.resources.end()) continue;
    const bool differs = now->observed.empty() ||
                         std::ranges::find(now->differences, one.second, &Difference::field) !=
                             now->differences.end();
    if (differs) named.push_back(in_words(one));
  }
  return named;
}

}  // namespace reconciler
