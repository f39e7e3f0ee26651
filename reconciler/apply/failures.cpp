#include "reconciler/apply/failures.hpp"

#include <fmt/format.h>

#include "reconciler/base/text.hpp"

namespace reconciler {
namespace {

std::string with_detail(const std::string& sentence, const std::string& detail) {
  return detail.empty() ? sentence : fmt::format("{}: {}", sentence, printable(detail, 200));
}

}  // namespace

Error still_runs(const EnvironmentId& id, const Action& action, const std::string& tag,
                 const std::string& detail) {
  return error("release.timeout",
               fmt::format("{}{} did not end in time: {}", action.title,
                           tag.empty() ? "" : " of " + tag, printable(detail, 200)))
      .with("not undone", "it goes on by itself in its container; nothing else was begun")
      .next(fmt::format("look at it with docker ps and docker logs; when it has ended, or was "
                        "stopped: reconciler apply {}",
                        id.text()));
}

Error action_failed(const Run& run, const Action& action, const Outcome& outcome) {
  const std::string& tag = run.plan.to;
  const std::string id = run.plan.environment.text();
  const std::string detail = words_of(outcome);
  if (action.work.effect == Effect::once && outcome.fate == Fate::failed)
    return error("release.failed", fmt::format("{} of {} failed with exit code {}", action.title,
                                               tag, number_at(outcome.evidence, "exit_code", -1)))
        .next(fmt::format(
            "commit another tag; or, once its cause is gone: reconciler settle {} {} not-run", id,
            action.title));
  if (action.work.effect == Effect::once && outcome.fate == Fate::unknown)
    return error("release.outcome_unknown",
                 with_detail(
                     fmt::format("nobody can know whether {} of {} succeeded", action.title, tag),
                     detail))
        .next(
            fmt::format("look, then: reconciler settle {} {} succeeded|not-run", id, action.title));
  if (outcome.fate == Fate::running && !run.stop.stop_requested())
    return still_runs(run.plan.environment, action, tag, detail);
  if (outcome.fate == Fate::running)
    return error("apply.stopped",
                 fmt::format("{} of {} goes on by itself in its container", action.title, tag))
        .next(fmt::format(
            "reconciler apply {}: it waits for what still runs, and never starts it twice", id));
  return error(
      fmt::format("{}.failed", to_text(action.work.phase)),
      with_detail(fmt::format("{} {} of {} failed", action.work.verb, action.title, tag), detail));
}

Error superseded(const Run& run, const std::string& where) {
  return error("apply.superseded",
               fmt::format("{} is not asked for as it was any more: ended {}", run.plan.to, where))
      .next(fmt::format("nothing is to be done: what is asked for now is next for {}",
                        run.plan.environment.text()));
}

Error with_not_undone(const Run& run, Error why) {
  if (!run.released.empty())
    why.facts.push_back({"not undone", fmt::format("{} of {}: what it changed stays",
                                                   enumerate(run.released), run.plan.to)});
  return why;
}

Error told(const Run& run, Error why) {
  const std::string id = run.plan.environment.text();
  why = with_not_undone(run, std::move(why));
  // On the way back the last good one is where it goes.
  const std::string& current = run.plan.held ? run.plan.held->tag : run.plan.from;
  if (!current.empty()) why.facts.push_back({"unchanged", fmt::format("current_tag {}", current)});
  why.facts.push_back({"log", fmt::format("reconciler history {} --run {} --log", id, run.id)});
  if (why.hint.empty())
    why.hint = why.lasting == Lasting::transient
                   ? fmt::format("when it is back: reconciler apply {}", id)
                   : fmt::format("commit another tag; or mend it and: reconciler apply {}", id);
  return why;
}

RunEnd end_of(const Error& why) {
  RunEnd end{"Stalled", "ApplyFailed", why.code, why.message};
  if (why.lasting == Lasting::transient) return {"Reconciling", "Retrying", why.code, why.message};
  if (why.code == "apply.stopped") return {"Reconciling", "Stopped", why.code, why.message};
  if (why.code == "apply.superseded") return {"Reconciling", "Superseded", why.code, why.message};
  if (why.code == "release.failed")
    end.reason = "ReleaseFailed";
  else if (why.code == "release.timeout")
    end.reason = "ReleaseTimeout";
  else if (why.code == "release.outcome_unknown")
    end.reason = "ReleaseOutcomeUnknown";
  else if (why.code == "verify.failed")
    end.reason = "VerifyFailed";
  else if (why.code.starts_with("image."))
    end.reason = "SupplyFailed";
  else if (why.code == "switch.failed" || why.code == "start.failed" ||
           why.code.starts_with("service."))
    end.reason = "SwitchFailed";
  else if (why.code == "plan.stale")
    return {"Reconciling", "Stale", why.code, why.message};
  return end;
}

bool sends_back(Phase in, const Error& why) {
  if (in < Phase::release || in > Phase::verify) return false;
  if (why.code == "apply.stopped" || why.code == "apply.superseded" || why.code == "plan.stale" ||
      why.code == "lock.held")
    return false;
  // Of once-only work that still runs, or that nobody knows the end of, a person has to answer.
  if (why.code == "release.timeout" || why.code == "release.outcome_unknown") return false;
  // Without the Engine or the ledger there is no way back either: it is tried again.
  if (why.code.starts_with("ledger.")) return false;
  return !(why.lasting == Lasting::transient && why.code.starts_with("docker."));
}

RunEnd end_of_rejected(const Error& why) {
  RunEnd end = end_of(why);
  if (end.condition != "Stalled") end.reason = "SwitchFailed";
  end.condition = "RolledBack";
  return end;
}

RunEnd end_of_way_back(const Error& why) {
  RunEnd end = end_of(why);
  if (end.condition == "Stalled") end.reason = "RollbackFailed";
  return end;
}

Error gone_back(const Plan& back, const Error& why, RunId failed_in) {
  const std::string id = back.environment.text();
  const std::string& rejected = back.held->rejected_tag;
  Error e =
      error(why.code, fmt::format("{}; {} is back at {}, and well", why.message, id, back.to));
  for (const auto& fact : why.facts)
    if (fact.label != "kept") e.facts.push_back(fact);
  e.facts.push_back({"unchanged", "current_tag " + back.to});
  e.facts.push_back({"held", rejected + " is not tried again by itself"});
  e.facts.push_back({"log", fmt::format("reconciler history {} --run {} --log", id, failed_in)});
  e.hint = fmt::format("commit another tag; or the same again: reconciler retry {}", id);
  return e;
}

Error not_gone_back(const Plan& back, const Error& why, const Error& and_why) {
  Error e = and_why;
  // What ended it for now only is told as that: the next pass goes on.
  if (end_of(and_why).condition == "Stalled") e.code = "rollback.failed";
  e.message =
      fmt::format("{}; and the way back to {} failed: {}", why.message, back.to, and_why.message);
  return e;
}

}  // namespace reconciler
