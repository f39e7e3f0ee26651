#include "reconciler/condition.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/apply/failures.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/plan/drift.hpp"
#include "reconciler/plan/render.hpp"

namespace reconciler {

namespace {

/// `web: environment COLOUR blue -> red`, for all that is left as it differs.
std::string what_differs(const Plan& plan) {
  std::vector<std::string> all;
  for (const auto& action : plan.reported) all.push_back(action.title + ": " + action.reason);
  return join(all, "; ");
}

/// A new version by what it takes; else what differs, the first two by name.
std::string what_is_due(const Plan& plan) {
  if (plan.from != plan.to)
    return fmt::format("{}{}", plan.from.empty() ? "" : plan.from + " -> ",
                       fmt::format("{}: {}", plan.to, summary(plan)));
  std::vector<std::string> things;
  for (const auto& action : plan.actions)
    if (action.work.phase == Phase::start || action.work.phase == Phase::change)
      things.push_back(fmt::format("{} {}: {}", action.work.verb, action.title, action.reason));
  if (things.empty()) return summary(plan);
  constexpr size_t most = 2;
  const size_t more = things.size() > most ? things.size() - most : 0;
  things.resize(things.size() - more);
  return join(things, "; ") + (more > 0 ? fmt::format("; and {} more", more) : "");
}

/// When what `now` says came to be so: with what it goes by, of which the last run is one.
std::optional<WallTime> since_when(const Condition& now, const Plan& plan,
                                   const std::optional<RunRow>& last) {
  if (now.word == "Suspended") return plan.suspended->at;
  if (now.word == "RolledBack" || (plan.held && now.reason == plan.held->reason))
    return plan.held->at;
  if (!last) return std::nullopt;
  if (!last->ended) return now.reason == "Due" ? std::nullopt : std::optional(last->started);
  const bool as_it_ended =
      now.word == "Ready" ? now.reason != "Drifted" : now.reason == last->end.reason;
  return as_it_ended ? last->ended : std::nullopt;
}

/// What was said, and what answers it: by itself it is not tried again.
std::string what_answers(const Plan& plan, const RunRow& last) {
  const std::string id = plan.environment.text();
  const std::string& reason = last.end.reason;
  std::string next =
      fmt::format("reconciler history {} --run {} --log; {}: reconciler apply {}", id, last.serial,
                  reason == "ReleaseTimeout" ? "once it has ended" : "once that is mended", id);
  const bool ran = reason == "SwitchFailed" || reason == "VerifyFailed";
  if (ran && !plan.from.empty()) next += "; another version: reconciler rollback " + id;
  return next;
}

Condition derived(const Plan& plan, const std::optional<RunRow>& last, bool at_it) {
  const std::string id = plan.environment.text();
  if (plan.suspended)
    return {"Suspended", "Requested", for_people(*plan.suspended), "reconciler resume " + id};
  if (plan.stalled) return {"Stalled", plan.stalled->reason, plan.stalled->why, plan.stalled->next};
  const auto closed = std::ranges::find(plan.gates, false, &Gate::open);
  if (closed != plan.gates.end()) {
    Condition now{"Blocked", "GateClosed", fmt::format("{}: {}", closed->name, closed->why),
                  closed->opens_when};
    if (plan.left_alone.empty()) return now;
    now.why += fmt::format("; and {} came back after having been put right {} times: left alone",
                           enumerate(plan.left_alone), most_put_right);
    now.next += fmt::format("; what is left alone: reconciler retry {}", id);
    return now;
  }
  const auto& held = plan.held;
  if (plan.empty() && held && !leaves_down(plan))
    return {held->is_deployed() ? "Ready" : "RolledBack", held->reason, about(*held),
            what_ends(plan.environment, *held)};
  if (plan.empty() && !plan.reported.empty())
    return {
        leaves_down(plan) ? "Stalled" : "Ready", "Drifted", what_differs(plan) + " (drift: report)",
        fmt::format("put it right by hand, or write drift: heal; then: reconciler plan {}", id)};
  if (plan.empty() && last && last->end.reason == "RequestFailed" && last->desired == plan.desired)
    return {"Ready", last->end.reason,
            fmt::format("back at {}, which git asks for; {}", plan.to, last->end.message),
            "another version: reconciler rollback " + id};
  // Where that changes by itself (the host has part in it) it is still the version that failed.
  const bool given_up = is_given_up(last) && last->to == plan.to;
  if (given_up && (plan.empty() || last->desired == plan.desired))
    return {"Stalled", last->end.reason, last->end.message,
            fmt::format("commit another tag; or mend it and: reconciler retry {}", id)};
  if (plan.empty()) return {"Ready", "Succeeded", "", ""};
  if (is_left_over(plan, last)) {
    const auto left = fmt::format("not all is removed that {} does not need any more: {}", plan.to,
                                  last->end.message);
    if (!held)
      return {"Ready", "PruneFailed", left,
              fmt::format("reconciler history {} --run {} --log", id, last->serial)};
    return {"RolledBack", held->reason, fmt::format("{}; {}", about(*held), left),
            what_ends(plan.environment, *held)};
  }
  if (held && !held->is_deployed() && last && last->ended && last->end.condition == "Stalled" &&
      last->desired == plan.desired)
    return {"Stalled", last->end.reason,
            fmt::format("{}; and the way back to {}: {}", about(*held), plan.to, last->end.message),
            what_answers(plan, *last)};
  const bool by_a_person =
      last && (last->end.reason == "CutShort" || last->end.reason == "Cancelled");
  if (by_a_person && last->end.condition == "Stalled" && last->desired == plan.desired)
    return {"Stalled", last->end.reason, about(plan.to, last->end.message),
            fmt::format("reconciler apply {}, which goes on from there", id)};
  if (last && last->ended && last->end.condition == "Stalled" && last->desired == plan.desired)
    return {"Stalled", last->end.reason, about(plan.to, last->end.message),
            what_answers(plan, *last)};
  if (last && last->ended && last->end.code == "plan.stale" && last->desired == plan.desired)
    return {"Reconciling", last->end.reason, about(plan.to, last->end.message),
            fmt::format("reconciler apply {}, which plans again; run does so by itself", id)};
  if (last && last->ended && last->end.reason == "Retrying" && last->desired == plan.desired)
    return {"Reconciling", "Retrying", about(plan.to, last->end.message),
            fmt::format("commit another tag; or when it is back: reconciler apply {}", id)};
  if (last && !last->ended && at_it)
    return {"Reconciling", "Progressing", fmt::format("run {} is at it", last->serial),
            fmt::format("reconciler history {} --run {} --log; to end it: reconciler cancel {}", id,
                        last->serial, id)};
  if (last && !last->ended)
    return {"Reconciling", "Interrupted",
            fmt::format("run {}, to {}, was cut off; due from here: {}", last->serial, last->to,
                        what_is_due(plan)),
            fmt::format("reconciler apply {}; run goes on by itself", id)};
  return {"Reconciling", "Due", what_is_due(plan), fmt::format("reconciler apply {}", id)};
}

}  // namespace

Condition condition_of(const Plan& plan, const std::optional<RunRow>& last, bool at_it) {
  Condition now = derived(plan, last, at_it);
  now.since = since_when(now, plan, last);
  return now;
}

bool is_given_up(const std::optional<RunRow>& last) {
  return last && last->end.reason == watch_failed;
}

bool is_left_over(const Plan& plan, const std::optional<RunRow>& last) {
  return last && last->ended && last->end.reason == "PruneFailed" &&
         last->desired == plan.desired && !plan.empty() &&
         std::ranges::all_of(
             plan.actions, [](const Action& action) { return action.work.phase == Phase::prune; });
}

Condition forgotten(const EnvironmentId& id) {
  return {"Forgotten", "NotInGit", "git does not name it any more; what runs is left as it is",
          fmt::format("put it back in git; or: reconciler remove {}", id.text())};
}

Condition condition_of(const EnvironmentId& id, const Error& why) {
  if (why.lasting == Lasting::transient)
    return {"Reconciling",
            why.code.starts_with("git.")       ? "SourceUnavailable"
            : why.code == "variables.provider" ? "VariablesUnavailable"
                                               : "CannotLook",
            why.message, why.hint};
  if (why.code == "rollback.failed") return {"Stalled", "RollbackFailed", why.message, why.hint};
  return {"Stalled", "CannotLook", fmt::format("{}: {}", why.code, why.message),
          fmt::format("reconciler plan {}", id.text())};
}

}  // namespace reconciler
