#include "reconciler/plan/planner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "reconciler/base/digest.hpp"
#include "reconciler/plan/drift.hpp"
#include "reconciler/plan/gates.hpp"
#include "reconciler/plan/order.hpp"
#include "reconciler/plan/select.hpp"

namespace reconciler {
namespace {

std::string key_of(const Action& action, const EnvironmentId& id) {
  JsonArray targets;
  for (const auto& target : action.work.targets) targets.emplace_back(target.text());
  JsonArray needs;
  for (const auto& need : action.work.needs) needs.emplace_back(need.text());
  return sha256(canonical(JsonObject{{"environment", id.text()},
                                     {"phase", to_text(action.work.phase)},
                                     {"verb", action.work.verb},
                                     {"targets", std::move(targets)},
                                     {"needs", std::move(needs)},
                                     {"input", action.work.input},
                                     {"expects", action.work.expects},
                                     {"calls", to_json(action.work.calls)},
                                     {"once", action.once_key}}));
}

std::string id_of(const Plan& plan) {
  JsonArray keys;
  for (const auto& action : plan.actions) keys.emplace_back(action.key);
  return sha256(canonical(JsonObject{{"environment", plan.environment.text()},
                                     {"lineage", plan.lineage},
                                     {"actions", std::move(keys)},
                                     {"fallback", plan.fallback.value_or("none")}}));
}

/// The ledger's transaction: from here on the tag is the environment's current one.
Action record_action(const Desired& desired) {
  Action action;
  action.work.phase = Phase::record;
  action.work.verb = "record";
  action.work.targets = {{"ledger", "release", desired.tag}};
  action.work.input = JsonObject{{"tag", desired.tag}, {"commit", desired.commit}};
  action.title = desired.tag;
  action.reason = "verified";
  return action;
}

bool touches_what_runs(const Action& a) {
  return a.work.phase == Phase::start || a.work.phase == Phase::release ||
         a.work.phase == Phase::change || a.work.phase == Phase::after;
}

/// What is there of the kinds of things that are switched, and is nobody's target.
std::vector<std::string> what_stays(const Observation& observation,
                                    const std::vector<Action>& actions) {
  using Kind = std::pair<std::string, std::string>;  // driver and kind
  std::set<Kind> switched;
  std::set<ResourceId> touched;
  for (const auto& action : actions)
    for (const auto& target : action.work.targets) {
      touched.insert(target);
      if (action.work.phase == Phase::change) switched.emplace(target.driver, target.kind);
    }
  std::vector<std::string> names;
  for (const auto& r : observation.resources)
    if (!r.observed.empty() && !touched.contains(r.id) &&
        switched.contains({r.id.driver, r.id.kind}))
      names.push_back(r.id.name);
  std::sort(names.begin(), names.end());
  return names;
}

std::string stops_there(const Memory& memory) {
  return memory.current
             ? fmt::format("it stops there; {}'s containers are kept", memory.current->tag)
             : "it stays as it is, and says why";
}

/// Why a failure of what is desired goes back to nothing; nothing where it does go back.
std::optional<std::string> why_no_way_back(const Desired& desired, const Memory& memory) {
  if (!memory.current) return "";  // the first deploy: that goes without saying
  if (memory.target || memory.current->digest == desired.digest) return "";
  if (desired.on_failure == OnFailure::hold) return "on_failure is hold";
  if (desired.irreversible) return desired.tag + " is irreversible";
  if (!memory.kept) return fmt::format("nothing was kept of how {} was made", memory.current->tag);
  return std::nullopt;
}

}  // namespace

bool on_the_way_back(const Memory& memory) {
  return memory.target && memory.unfinished;
}

std::string version_key(const Desired& desired) {
  return desired.tag + "@" + desired.commit;
}

Plan make_plan(const Desired& desired, const Observation& observation, const Memory& memory,
               WallTime now) {
  Plan plan;
  plan.environment = desired.id;
  plan.lineage = memory.lineage;
  plan.from = memory.current ? memory.current->tag : "";
  plan.to = desired.tag;
  plan.commit = desired.commit;
  plan.config_commit = desired.config_commit;
  plan.config_subject = desired.config_subject;
  plan.desired = desired.digest;
  plan.notices = observation.notices;
  std::sort(plan.notices.begin(), plan.notices.end());
  plan.held = memory.target;
  if (on_the_way_back(memory)) plan.from = memory.target->rejected_tag;
  if (memory.suspended_at(now)) plan.suspended = memory.suspended;
  plan.stalled = find_stall(desired, memory);

  if (!plan.stalled) {
    const bool new_version = memory.changed_to != version_key(desired);
    const bool drift = nothing_new(desired, memory);
    Split split{{}, observation};
    if (drift && !desired.heal && !memory.unfinished) split = split_drift(desired, observation);
    plan.reported = std::move(split.reported);
    plan.actions = select_remedies(desired, split.rest, {plan.from, plan.to},
                                   release_is_due(desired, memory) || new_version);
    for (auto& action : select_steps(desired, memory, new_version))
      plan.actions.push_back(std::move(action));
    const bool recorded = memory.current && memory.current->tag == desired.tag &&
                          memory.current->commit == desired.commit && !memory.unfinished;
    if (!recorded || std::any_of(plan.actions.begin(), plan.actions.end(), touches_what_runs)) {
      for (auto& action : select_checks(desired)) plan.actions.push_back(std::move(action));
      plan.actions.push_back(record_action(desired));
    }
    order_actions(plan.actions);
    if (drift && !on_the_way_back(memory)) judge_drift(plan, memory);
    plan.stays = what_stays(observation, plan.actions);
  }
  for (auto* all : {&plan.actions, &plan.reported})
    for (auto& action : *all) action.key = key_of(action, desired.id);
  const auto why = why_no_way_back(desired, memory);
  if (!plan.empty() && !why) plan.fallback = memory.current->tag;
  plan.on_failure = plan.fallback
                        ? "back to " + *plan.fallback
                        : stops_there(memory) + (why && !why->empty() ? " (" + *why + ")" : "");
  plan.id = id_of(plan);
  add_gates(plan, desired, observation, memory);
  return plan;
}

void without_way_back(Plan& plan, const Memory& memory, const std::string& why) {
  plan.fallback.reset();
  plan.on_failure = fmt::format("{} (no way back: {})", stops_there(memory), why);
  plan.id = id_of(plan);
  judge_gates(plan, memory);
}

}  // namespace reconciler
