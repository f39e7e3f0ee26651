#include "reconciler/plan/planner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "reconciler/base/digest.hpp"
#include "reconciler/model/shared.hpp"
#include "reconciler/plan/backups.hpp"
#include "reconciler/plan/by_hand.hpp"
#include "reconciler/plan/drift.hpp"
#include "reconciler/plan/gates.hpp"
#include "reconciler/plan/order.hpp"
#include "reconciler/plan/retention.hpp"
#include "reconciler/plan/select.hpp"
#include "reconciler/plan/take_over.hpp"

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
                                     {"input", lasting_input(action.work)},
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

bool touches(const Action& action) {
  return touches_what_runs(action.work.phase);
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

/// What was unwell before, and is left as it is. Once something was touched, what is unwell may be
/// so by that.
std::vector<ResourceId> excused_of(const Observation& observation,
                                   const std::vector<Action>& actions, const Memory& memory) {
  std::set<ResourceId> touched;
  for (const auto& action : actions)
    if (touches(action)) touched.insert(action.work.targets.begin(), action.work.targets.end());
  std::vector<ResourceId> excused;
  for (const auto& r : observation.resources)
    if (r.health == Health::unwell && !touched.contains(r.id) &&
        (!memory.touched || memory.unwell_before.contains(r.id)))
      excused.push_back(r.id);
  std::sort(excused.begin(), excused.end());
  return excused;
}

void excuse(const Observation& observation, const Memory& memory, Plan& plan) {
  if (memory.unwell_since_restored) return;
  plan.excused = excused_of(observation, plan.actions, memory);
  for (const auto& id : plan.excused) {
    const auto found = std::ranges::find(observation.resources, id, &Resource::id);
    plan.notices.push_back(
        fmt::format("unwell before: {} ({}); it is left as it is and is no reason to go back",
                    id.name, found->state));
  }
}

std::string stops_there(const Memory& memory) {
  return memory.current
             ? fmt::format("it stops there; {}'s containers are kept", memory.current->tag)
             : "it stays as it is, and says why";
}

std::optional<Stall> find_by_hand(const Desired& desired, const Observation& observation,
                                  const Memory& memory) {
  const auto tag = deployed_by_hand(desired, observation, memory);
  if (!tag) return std::nullopt;
  const std::string id = desired.id.text();
  return Stall{
      "OperatorDeployed",
      fmt::format("{} was deployed past reconciler: containers and state files agree on it, "
                  "and {} is asked for",
                  *tag, desired.tag),
      fmt::format("commit tag: {}; or keep it as it is: reconciler adopt {}; or undo it: "
                  "reconciler retry {}",
                  *tag, id, id)};
}

/// Where git agrees with what was deployed past us, whoever did that released it, too.
std::map<std::string, std::string> assumed_of(const Desired& desired,
                                              const std::optional<std::string>& by_hand) {
  auto all = desired.assumed;
  if (by_hand == desired.tag)
    for (const auto& step : desired.steps)
      if (step.once == Once::tag) all[step.once_key] = step.name;
  return all;
}

/// Memory as it will be once that counts as done.
Memory with_assumed(Memory memory, const std::map<std::string, std::string>& assumed) {
  for (const auto& [key, name] : assumed) memory.once[key] = Fate::succeeded;
  return memory;
}

bool removes_artifact(const Action& action) {
  return action.artifact && action.work.phase == Phase::prune;
}

/// What the version's tag becomes.
Artifacts artifacts_of(const Observation& observation) {
  Artifacts all;
  for (const auto& r : observation.resources)
    if (r.artifact && !r.desired.empty()) all[r.id] = r.inputs;
  return all;
}

/// What is not counted on from the record on. What is still on the host stays remembered until it
/// is gone.
std::set<std::pair<std::string, ResourceId>> released(const Desired& desired, const Memory& memory,
                                                      const Observation& observation) {
  std::set<ResourceId> there;
  for (const auto& r : observation.resources)
    if (r.artifact && r.desired.empty()) there.insert(r.id);
  const auto let_go = retention(desired, memory);
  std::set<std::pair<std::string, ResourceId>> all;
  const auto add = [&](const std::string& tag, const Artifacts& artifacts) {
    if (!let_go.tags.contains(tag)) return;
    for (const auto& [id, inputs] : artifacts)
      if (!there.contains(id)) all.emplace(tag, id);
  };
  for (const auto& version : memory.versions) add(version.tag, version.artifacts);
  for (const auto& tried : memory.tried) add(tried.tag, tried.artifacts);
  return all;
}

/// Two environments that want one name made from different inputs would fight for it for ever.
/// What runs, and was good, is not given up for that.
std::optional<Stall> find_shared(const Plan& plan, const Memory& memory) {
  if (memory.target && !memory.target->is_deployed()) return std::nullopt;
  for (const auto& [id, inputs] : plan.artifacts) {
    const auto claims = memory.claims.find(id);
    if (inputs.empty() || claims == memory.claims.end()) continue;
    for (const auto& claim : claims->second) {
      if (claim.inputs.empty() || claim.inputs == inputs) continue;
      const Error why = image_shared(plan.environment, id, claim.id);
      return Stall{"ImageShared", why.message, why.hint};
    }
  }
  return std::nullopt;
}

}  // namespace

bool touches_what_runs(Phase phase) {
  return phase == Phase::start || phase == Phase::release || phase == Phase::change ||
         phase == Phase::after;
}

bool on_the_way_back(const Memory& memory) {
  return memory.target && memory.unfinished;
}

bool something_else_runs(const Memory& memory) {
  return memory.unfinished && memory.touched && !memory.target;
}

std::vector<std::string> released_since_record(const Desired& desired, const Memory& memory) {
  std::vector<std::string> names;
  for (const auto& step : desired.steps) {
    const auto fate = memory.once.find(step.once_key);
    if (step.once != Once::tag || fate == memory.once.end() || fate->second != Fate::succeeded)
      continue;
    const std::string& id = memory.once_attempt.at(step.once_key);
    std::int64_t attempt = 0;
    (void)std::from_chars(id.data(), id.data() + id.size(), attempt);
    if (attempt > memory.recorded_attempt) names.push_back(step.name);
  }
  return names;
}

std::optional<std::string> why_no_way_back(const Desired& desired, const Memory& memory,
                                           const std::optional<std::string>& by_hand) {
  if (!memory.current) return "";  // the first deploy: that goes without saying
  if (by_hand) return fmt::format("{}, which runs, was not recorded here", *by_hand);
  if (memory.ran_by_hand)
    return fmt::format("{}, which ran, was not recorded here", *memory.ran_by_hand);
  // Nothing is beyond the last good one; a version that a person wants instead has it to go back
  // to.
  const bool is_last_good = memory.target && memory.target->tag == memory.current->tag;
  if (is_last_good || memory.current->digest == desired.digest) return "";
  if (desired.on_failure == OnFailure::hold) return "on_failure is hold";
  for (const auto& tag : desired.irreversible)
    if (tag == desired.tag || (tag != memory.current->tag && memory.released.contains(tag)))
      return tag + " is irreversible" +
             (tag == desired.tag ? "" : ", and its release was run since");
  if (!memory.kept) return fmt::format("nothing was kept of how {} was made", memory.current->tag);
  return std::nullopt;
}

std::string version_key(const Desired& desired) {
  return desired.tag + "@" + desired.commit;
}

Plan make_plan(const Desired& asked, const Observation& observation, const Memory& remembered,
               WallTime now) {
  std::optional<Desired> first;
  if (nothing_to_back_up(observation, remembered)) first = without_backup(asked);
  const Desired& desired = first ? *first : asked;
  const auto by_hand = runs_by_hand(observation, remembered);
  const auto assumed = assumed_of(desired, by_hand);
  const auto taken = find_taken_over(desired, observation, remembered);
  std::optional<Memory> with;
  if (taken)
    with = with_taken_over(remembered, desired, *taken, now);
  else if (!assumed.empty())
    with = with_assumed(remembered, assumed);
  const Memory& memory = with ? *with : remembered;
  Plan plan;
  plan.assumed = assumed;
  plan.environment = desired.id;
  plan.lineage = memory.lineage;
  plan.from = memory.current ? memory.current->tag : "";
  plan.to = desired.tag;
  plan.commit = desired.commit;
  plan.config_commit = desired.config_commit;
  plan.config_subject = desired.config_subject;
  plan.desired = desired.digest;
  plan.rebuilds = desired.rebuild;
  plan.notices = observation.notices;
  std::sort(plan.notices.begin(), plan.notices.end());
  plan.held = memory.target;
  plan.by_hand = by_hand;
  if (on_the_way_back(memory) && plan.from == memory.target->tag &&
      !memory.target->failed_tag.empty())
    plan.from = memory.target->failed_tag;
  if (by_hand && by_hand != desired.tag) plan.from = *by_hand;
  for (const auto& [key, name] : assumed)
    plan.notices.push_back(fmt::format("{} of {} counts as done: {} was deployed past reconciler",
                                       name, desired.tag, desired.tag));
  if (memory.suspended_at(now)) plan.suspended = memory.suspended;
  plan.artifacts = artifacts_of(observation);
  plan.released = released(desired, memory, observation);
  plan.stalled = find_by_hand(desired, observation, remembered);
  if (!plan.stalled) plan.stalled = find_stall(desired, memory);
  if (!plan.stalled) plan.stalled = find_shared(plan, memory);

  if (taken && !plan.stalled) plan.taken_over = taken->words;

  if (!plan.stalled) {
    const bool new_version = memory.changed_to != version_key(desired);
    const bool drift = nothing_new(desired, memory) && !desired.rebuild;
    Split split{{}, observation};
    if (drift && !desired.heal && !memory.unfinished) split = split_drift(desired, observation);
    plan.reported = std::move(split.reported);
    plan.actions = select_remedies(desired, split.rest, {plan.from, plan.to},
                                   release_is_due(desired, memory) || new_version);
    // What is left as it is may be made from any of them.
    if (!plan.reported.empty()) std::erase_if(plan.actions, removes_artifact);
    for (auto& action : select_steps(desired, memory, new_version))
      plan.actions.push_back(std::move(action));
    const bool recorded = memory.current && memory.current->tag == desired.tag &&
                          memory.current->commit == desired.commit && !memory.unfinished;
    if (!recorded || std::any_of(plan.actions.begin(), plan.actions.end(), touches)) {
      for (auto& action : select_checks(desired)) plan.actions.push_back(std::move(action));
      plan.actions.push_back(record_action(desired));
    }
    // What nobody has written so far is written as the stack is taken over.
    if (taken && taken->whole) plan.actions.clear();
    order_actions(plan.actions);
    if (drift && !on_the_way_back(memory)) judge_drift(plan, memory);
    plan.stays = what_stays(observation, plan.actions);
  }
  if (std::ranges::any_of(plan.actions,
                          [](const Action& action) { return action.work.phase == Phase::verify; }))
    excuse(observation, memory, plan);
  for (auto* all : {&plan.actions, &plan.reported})
    for (auto& action : *all) action.key = key_of(action, desired.id);
  const auto why = why_no_way_back(desired, memory, by_hand);
  if (!plan.empty() && !why) plan.fallback = memory.current->tag;
  plan.on_failure = plan.fallback
                        ? "back to " + *plan.fallback
                        : stops_there(memory) + (why && !why->empty() ? " (" + *why + ")" : "");
  plan.id = id_of(plan);
  add_gates(plan, desired, observation, memory);
  if (plan.closed() > 0) plan.left_alone = left_alone(observation, memory);
  return plan;
}

Plan make_removal(const EnvironmentId& id, const Observation& left, const Memory& memory) {
  Plan plan;
  plan.environment = id;
  plan.lineage = memory.lineage;
  plan.from = memory.current ? memory.current->tag : "";
  plan.notices = left.notices;
  std::sort(plan.notices.begin(), plan.notices.end());
  plan.actions = select_removals(left);
  order_actions(plan.actions);
  for (auto& action : plan.actions) action.key = key_of(action, id);
  plan.on_failure = "it stops there, and goes on when it is asked for again";
  plan.id = id_of(plan);
  return plan;
}

Plan make_errand(const Desired& desired, const Observation& observation, const Memory& memory,
                 std::vector<Action> actions, WallTime now, UnwellBefore before) {
  Plan plan;
  plan.environment = desired.id;
  plan.lineage = memory.lineage;
  plan.from = plan.to = desired.tag;
  plan.commit = desired.commit;
  plan.config_commit = desired.config_commit;
  plan.config_subject = desired.config_subject;
  plan.desired = desired.digest;
  if (memory.suspended_at(now)) plan.suspended = memory.suspended;
  plan.actions = std::move(actions);
  order_actions(plan.actions);
  for (auto& action : plan.actions) action.key = key_of(action, desired.id);
  if (before == UnwellBefore::excused) excuse(observation, memory, plan);
  plan.on_failure = "it stops there; what is wanted stays as it is";
  plan.id = id_of(plan);
  return plan;
}

void without_way_back(Plan& plan, const Memory& memory, const std::string& why) {
  plan.fallback.reset();
  plan.on_failure = fmt::format("{} (no way back: {})", stops_there(memory), why);
  plan.id = id_of(plan);
  judge_gates(plan, memory);
}

void keep_what_heals(Plan& plan) {
  std::erase_if(plan.actions,
                [](const Action& action) { return action.work.phase == Phase::record; });
  if (std::ranges::none_of(plan.actions, touches)) plan.actions.clear();
  plan.fallback.reset();
  plan.id = id_of(plan);
}

void keep_what_stops(Plan& plan, const Observation& observation) {
  std::set<ResourceId> unwanted;
  for (const auto& resource : observation.resources)
    if (resource.desired.empty()) unwanted.insert(resource.id);
  std::erase_if(plan.actions, [&](const Action& action) {
    return action.work.phase != Phase::change ||
           !std::ranges::all_of(action.work.targets,
                                [&](const ResourceId& id) { return unwanted.contains(id); });
  });
  plan.fallback.reset();
  plan.artifacts.clear();
  plan.drifted.clear();
  plan.id = id_of(plan);
}

}  // namespace reconciler
