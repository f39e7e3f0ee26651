#include "reconciler/plan/gates.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/base/text.hpp"
#include "reconciler/plan/drift.hpp"

namespace reconciler {
namespace {

/// `db`, or one of several, `db#2`.
bool is_protected(const Desired& desired, const ResourceId& id) {
  return desired.protect.contains(id.name.substr(0, id.name.find('#')));
}

/// What the plan makes anew in the place of what is there; or of what was there, and may have been
/// another: that is missing, and something new is asked for.
std::set<std::string> replaced(const Plan& plan, const Desired& desired,
                               const Observation& observation, const Memory& memory) {
  const bool another = memory.current && memory.current->digest != desired.digest;
  std::set<ResourceId> missing;
  for (const auto& r : observation.resources)
    if (another && r.observed.empty() && !r.desired.empty()) missing.insert(r.id);
  std::set<std::string> names;
  for (const auto& action : plan.actions) {
    if (action.work.phase == Phase::supply) continue;
    for (const auto& id : action.work.anew)
      if (is_protected(desired, id)) names.insert(id.name);
    for (const auto& id : action.work.targets)
      if (missing.contains(id) && is_protected(desired, id)) names.insert(id.name);
  }
  return names;
}

/// After a failure, or because a person chose that version, who was shown this very plan.
bool goes_back(const Memory& memory) {
  if (!memory.target || memory.target->is_deployed()) return false;
  return memory.unfinished || !memory.current || memory.current->tag != memory.target->tag;
}

void protect(Plan& plan, const Desired& desired, const Observation& observation,
             const Memory& memory) {
  const auto names = replaced(plan, desired, observation, memory);
  if (names.empty()) return;
  Gate gate;
  gate.name = "protect";
  gate.why = "replaces " + enumerate({names.begin(), names.end()});
  for (const auto& name : names) gate.grants.insert(plan.desired + " " + name);
  plan.gates.push_back(std::move(gate));
}

/// Of a version that nobody approved, or that was approved as something else. That what runs
/// already is written down waits for nobody.
void approve_what_is_new(Plan& plan, const Desired& desired, const Memory& memory) {
  const bool does =
      memory.current || std::ranges::any_of(plan.actions, [](const Action& action) {
        const Phase phase = action.work.phase;
        return phase != Phase::verify && phase != Phase::record && phase != Phase::prune;
      });
  // What was recorded last is nothing new, whatever was begun meanwhile.
  if (memory.current && memory.current->digest == desired.digest) return;
  if (!desired.approval || plan.empty() || !does || nothing_new(desired, memory)) return;
  Gate gate;
  gate.name = "approval";
  gate.why = "0 of 1";
  gate.grants.insert(plan.desired);
  plan.gates.push_back(std::move(gate));
}

}  // namespace

void add_gates(Plan& plan, const Desired& desired, const Observation& observation,
               const Memory& memory) {
  if (goes_back(memory)) return;
  if (!desired.protect.empty()) protect(plan, desired, observation, memory);
  approve_what_is_new(plan, desired, memory);
  judge_gates(plan, memory);
}

void judge_gates(Plan& plan, const Memory& memory) {
  const bool begun = memory.unfinished == plan.desired;
  for (auto& gate : plan.gates) {
    if (gate.grants.empty()) continue;  // no approval opens it
    gate.open = memory.approved.contains(plan.id) ||
                (begun && std::ranges::includes(memory.approved, gate.grants));
    if (gate.name == "approval") gate.why = gate.open ? "1 of 1" : "0 of 1";
    gate.opens_when = fmt::format("reconciler approve {} --plan {}", plan.environment.text(),
                                  plan.id.substr(0, 6));
    if (plan.held && plan.held->is_deployed()) gate.opens_when += " --tag " + plan.to;
    if (plan.rebuilds) gate.opens_when += " --rebuild";
  }
}

std::set<std::string> approval_of(const Plan& plan) {
  std::set<std::string> all{plan.id};
  for (const auto& gate : plan.gates) all.insert(gate.grants.begin(), gate.grants.end());
  return all;
}

}  // namespace reconciler
