#include "reconciler/apply/failures.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/base/text.hpp"
#include "reconciler/plan/planner.hpp"

namespace reconciler {
namespace {

constexpr std::string_view not_undone = "not undone";

/// In one line, for what is kept of a failure.
std::string in_a_line(const Error& why) {
  const auto fact = std::ranges::find(why.facts, not_undone, &Fact::label);
  return fact == why.facts.end() ? why.message
                                 : fmt::format("{}; {}: {}", why.message, fact->label, fact->text);
}

std::string with_detail(const std::string& sentence, const std::string& detail) {
  return detail.empty() ? sentence : fmt::format("{}: {}", sentence, printable(detail, 200));
}

/// `current_tag v1.2.3, prev_tag v1.2.2; db, nginx never stopped`
Fact unchanged(const std::string& current, const std::optional<Release>& previous,
               const std::vector<std::string>& never_stopped) {
  std::string text = "current_tag " + current;
  if (previous) text += ", prev_tag " + previous->tag;
  if (!never_stopped.empty()) text += fmt::format("; {} never stopped", join(never_stopped, ", "));
  return {"unchanged", std::move(text)};
}

/// `v1.2.3, before it v1.2.2`
Fact recorded(const Release& current, const std::optional<Release>& previous) {
  return {"recorded", current.tag + (previous ? ", before it " + previous->tag : "")};
}

/// What neither the one plan nor the other touched.
std::vector<std::string> never_stopped(std::vector<std::string> stays, const Plan& back) {
  for (const auto& action : back.actions)
    for (const auto& target : action.work.targets) std::erase(stays, target.name);
  return stays;
}

/// Once-a-tag work of the version that was done since the last good one became that: in this run,
/// or in an earlier one that was gone back from.
std::vector<std::string> work_that_stays(const Run& run) {
  const auto& id = run.plan.environment;
  const auto memory = run.tools.ledger.memory(id);
  if (!memory) return {};
  auto done = released_since_record(run.desired, *memory);
  if (!done.empty() || !memory->current || memory->current->tag == run.plan.to) return done;
  const auto good = std::ranges::find(memory->versions, memory->current->tag, &Version::tag);
  if (good == memory->versions.end()) return {};
  const auto released = run.tools.ledger.released_since(id, good->tag, good->from);
  if (!released || std::ranges::find(*released, run.plan.to) == released->end()) return {};
  for (const auto& step : run.desired.steps)
    if (const auto fate = memory->once.find(step.once_key);
        step.once == Once::tag && fate != memory->once.end() && fate->second == Fate::succeeded)
      done.push_back(step.name);
  return done;
}

}  // namespace

Error still_runs(const EnvironmentId& id, const Action& action, const std::string& tag,
                 const Outcome& outcome) {
  const std::string watch = text_at(outcome.evidence, "watch");
  const std::string end = text_at(outcome.evidence, "end");
  const std::string detail = words_of(outcome);
  return error("release.timeout",
               fmt::format("{}{} did not end in time: {}", action.title,
                           tag.empty() ? "" : " of " + tag, printable(detail, 200)))
      .with("not undone", "it goes on by itself in its container; nothing else was begun")
      .next(fmt::format("look at it{}{}; when it has ended: reconciler apply {}",
                        watch.empty() ? "" : ": " + watch,
                        end.empty() ? "" : "; or end it, which counts as failed: " + end,
                        id.text()));
}

Error release_failed(const EnvironmentId& id, const std::string& task, const std::string& tag,
                     const Json& evidence) {
  return error("release.failed", fmt::format("{} of {} failed with exit code {}", task, tag,
                                             number_at(evidence, "exit_code", -1)))
      .next(fmt::format("commit another tag; or, once its cause is gone: reconciler settle {} {} "
                        "not-run",
                        id.text(), task));
}

Error action_failed(const Run& run, const Action& action, const Outcome& outcome) {
  const std::string& tag = run.plan.to;
  const std::string id = run.plan.environment.text();
  const std::string detail = words_of(outcome);
  if (action.work.effect == Effect::once && outcome.fate == Fate::failed)
    return release_failed(run.plan.environment, action.title, tag, outcome.evidence);
  if (action.work.effect == Effect::once && outcome.fate == Fate::unknown)
    return error("release.outcome_unknown",
                 with_detail(
                     fmt::format("nobody can know whether {} of {} succeeded", action.title, tag),
                     detail))
        .next(
            fmt::format("look, then: reconciler settle {} {} succeeded|not-run", id, action.title));
  if (outcome.fate == Fate::running && !run.stop.stop_requested())
    return still_runs(run.plan.environment, action, tag, outcome);
  if (outcome.fate == Fate::running)
    return error("apply.stopped",
                 fmt::format("{} of {} goes on by itself in its container", action.title, tag))
        .next(fmt::format(
            "reconciler apply {}: it waits for what still runs, and never starts it twice", id));
  if (action.work.verb == "restore")
    return error("restore.failed",
                 with_detail(fmt::format("{} was not brought back whole", action.title), detail))
        .with("not undone", "what it had changed by then; the backup before it is there")
        .next(fmt::format("reconciler restore {}, which lists them", id));
  // It is of what runs, whatever it is made before.
  if (action.work.verb == "backup")
    return error("backup.failed",
                 with_detail(fmt::format("backup {}{} failed", action.title,
                                         run.tools.aside ? "" : fmt::format(", before {},", tag)),
                             detail));
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
  const auto done = work_that_stays(run);
  if (!done.empty())
    why.facts.push_back({std::string(not_undone), fmt::format("{} of {}: what it changed stays",
                                                              enumerate(done), run.plan.to)});
  return why;
}

Error told(const Run& run, Error why) {
  const std::string id = run.plan.environment.text();
  // Whatever kept it from being made, it is the backup that is not there.
  if (run.phase == Phase::backup && why.lasting == Lasting::terminal &&
      !why.code.starts_with("backup.") && !why.code.starts_with("apply.")) {
    why.message = fmt::format("there is no backup: {}: {}", why.code, why.message);
    why.code = "backup.failed";
    why.hint.clear();
  }
  why = with_not_undone(run, std::move(why));
  // On the way back the last good one is where it goes.
  const auto& held = run.plan.held;
  const std::string& current = held && !held->is_deployed() ? held->tag : run.plan.from;
  const auto memory = run.tools.ledger.memory(run.plan.environment);
  if (memory && memory->current && run.phase >= Phase::record &&
      memory->current->tag == run.plan.to)
    why.facts.push_back(recorded(*memory->current, memory->previous));
  else if (memory && !current.empty())
    why.facts.push_back(unchanged(current, memory->previous, run.plan.stays));
  why.facts.push_back({"log", fmt::format("reconciler history {} --run {} --log", id, run.id)});
  if (run.tools.aside && !run.tools.aside->again.empty()) {
    const bool ended = why.code == "apply.stopped" || why.code == "apply.cancelled";
    if (ended || why.hint.empty())
      why.hint = fmt::format("{}: {}",
                             ended                               ? "once more"
                             : why.lasting == Lasting::transient ? "when it is back"
                                                                 : "mend it, then",
                             run.tools.aside->again);
    if (run.phase == Phase::backup && !ended && !run.tools.aside->unsaved.empty())
      why.hint += "; or, where what is there now is worth nothing: " + run.tools.aside->unsaved;
    return why;
  }
  if (why.hint.empty() && run.phase == Phase::backup)
    why.hint = fmt::format("mend it, then: reconciler apply {}{}", id,
                           current.empty() ? fmt::format("; or, where there is nothing to back up "
                                                         "yet: reconciler apply {} --skip backup",
                                                         id)
                                           : "");
  if (why.hint.empty())
    why.hint = why.lasting == Lasting::transient
                   ? fmt::format("when it is back: reconciler apply {}", id)
                   : fmt::format("commit another tag; or mend it and: reconciler apply {}", id);
  return why;
}

Error what_follows_failed(const Run& run, Error why) {
  const auto& aside = run.tools.aside;
  if (!aside || aside->again.empty())
    why.hint = fmt::format("reconciler apply {}; run tries it again by itself",
                           run.plan.environment.text());
  if (run.phase == Phase::prune) {
    why.message = fmt::format("{} runs; what it does not need any more is not all removed: {}: {}",
                              run.plan.to, why.code, why.message);
    why.code = "prune.failed";
    why.lasting = Lasting::terminal;
  } else {
    why.lasting = Lasting::transient;
  }
  return told(run, std::move(why));
}

RunEnd end_of_what_follows(Phase in, const Error& why) {
  if (in == Phase::prune) return {"Ready", "PruneFailed", why.code, why.message};
  return {"Reconciling", "Retrying", why.code, why.message};
}

RunEnd end_of(const Error& why) {
  const std::string message = in_a_line(why);
  RunEnd end{"Stalled", "ApplyFailed", why.code, message};
  if (why.lasting == Lasting::transient) return {"Reconciling", "Retrying", why.code, message};
  if (why.code == "apply.stopped") return {"Reconciling", "Stopped", why.code, message};
  if (why.code == "apply.cancelled") return {"Stalled", "Cancelled", why.code, message};
  if (why.code == "apply.superseded") return {"Reconciling", "Superseded", why.code, message};
  if (why.code == "release.failed")
    end.reason = "ReleaseFailed";
  else if (why.code == "release.timeout")
    end.reason = "ReleaseTimeout";
  else if (why.code == "release.outcome_unknown")
    end.reason = "ReleaseOutcomeUnknown";
  else if (why.code == "verify.failed")
    end.reason = "VerifyFailed";
  else if (why.code == "preflight.failed")
    end.reason = "PreflightFailed";
  else if (why.code.starts_with("backup."))
    end.reason = "BackupFailed";
  else if (why.code == "restore.failed")
    end.reason = "RestoreFailed";
  else if (why.code.starts_with("image."))
    end.reason = "SupplyFailed";
  else if (why.code == "switch.failed" || why.code == "start.failed" ||
           why.code.starts_with("service."))
    end.reason = "SwitchFailed";
  else if (why.code == "plan.stale")
    return {"Reconciling", "Stale", why.code, message};
  return end;
}

bool sends_back(Phase in, bool touched, const Error& why) {
  // Once it is recorded, the version is the last good one itself.
  if (in >= Phase::record || (in < Phase::release && !touched)) return false;
  if (why.code == "apply.stopped" || why.code == "apply.cancelled" ||
      why.code == "apply.superseded" || why.code == "plan.stale" || why.code == "lock.held")
    return false;
  // Of once-only work that still runs, or that nobody knows the end of, a person has to answer.
  if (why.code == "release.timeout" || why.code == "release.outcome_unknown" ||
      why.code == "release.running")
    return false;
  // Somebody took the image away after the plan, or changed what a task is to mount: no fault of
  // the version, and the next plan has it supplied again.
  if (why.lasting == Lasting::transient &&
      (why.code == "image.missing" || why.code == "object.harmed"))
    return false;
  // Without the Engine or the ledger, or where the system gives no more memory, processes or
  // threads, there is no way back either: it is tried again.
  if (why.code.starts_with("ledger.") || why.code.starts_with("system.")) return false;
  return !(why.lasting == Lasting::transient && why.code.starts_with("docker."));
}

RunEnd end_of_rejected(const Error& why) {
  // It is not tried again, whatever would come of that.
  Error last = why;
  last.lasting = Lasting::terminal;
  RunEnd end = end_of(last);
  end.condition = "RolledBack";
  return end;
}

RunEnd end_of_way_back(const Error& why) {
  RunEnd end = end_of(why);
  if (end.condition == "Stalled") end.reason = "RollbackFailed";
  return end;
}

Error cancelled(const Run& run, Error stopped, const std::string& by) {
  const std::string id = run.plan.environment.text();
  stopped.code = "apply.cancelled";
  stopped.message = fmt::format("{} cancelled it: {}", by, stopped.message);
  stopped.lasting = Lasting::terminal;
  stopped.hint =
      fmt::format("to go on: reconciler apply {}; {}", id,
                  run.plan.from.empty() ? fmt::format("what there is: reconciler status {}", id)
                                        : fmt::format("to go back: reconciler rollback {}", id));
  return stopped;
}

Target target_after(const Plan& plan, const Desired& desired, RunId run, const RunEnd& end,
                    WallTime now) {
  const auto& held = plan.held;
  // Built anew because a person wanted it: what git asks for was well, and is what is gone back to.
  const bool same = desired.rebuild && *plan.fallback == plan.to;
  return {*plan.fallback,
          held ? held->rejected : desired.asked,
          same                     ? ""
          : !held                  ? plan.to
          : plan.fallback_is_asked ? ""
                                   : held->rejected_tag,
          end.reason,
          end.message,
          run,
          now,
          plan.to};
}

Error gone_back(const Plan& back, const Applied& failed_one,
                const std::optional<Release>& previous) {
  const Error& why = *failed_one.why;
  const std::string id = back.environment.text();
  const Target& held = *back.held;
  Error e =
      error(why.code, fmt::format("{}; {} is back at {}, and well", why.message, id, back.to));
  for (const auto& fact : why.facts)
    if (fact.label != "kept") e.facts.push_back(fact);
  e.facts.push_back(unchanged(back.to, previous, never_stopped(failed_one.stays, back)));
  e.facts.push_back({"held", held.rejected_tag.empty()
                                 ? fmt::format("nothing: {} is what git asks for", back.to)
                                 : held.rejected_tag + " is not tried again by itself"});
  e.facts.push_back(
      {"log", fmt::format("reconciler history {} --run {} --log", id, failed_one.run)});
  e.hint = held.rejected_tag.empty() ? fmt::format("another version: reconciler rollback {}", id)
                                     : what_ends(back.environment, held);
  return e;
}

std::string what_ends(const EnvironmentId& id, const Target& target) {
  if (target.reason == "Requested" && !target.rejected_tag.empty())
    return fmt::format("commit {}, or another tag; or {} again: reconciler retry {}", target.tag,
                       target.rejected_tag, id.text());
  const bool same = target.failed_tag.empty() || target.failed_tag == target.rejected_tag;
  return fmt::format("commit another tag; or {} again: reconciler retry {}",
                     same || target.rejected_tag.empty() ? "the same" : target.rejected_tag,
                     id.text());
}

bool is_gone_back(const Error& why) {
  return std::ranges::find(why.facts, "held", &Fact::label) != why.facts.end();
}

std::string about(const std::string& tag, const std::string& why) {
  return why.starts_with(tag + " ") ? why : fmt::format("{}: {}", tag, why);
}

std::string about(const Target& target) {
  if (target.failed_tag.empty() || target.failed_tag == target.rejected_tag)
    return about(target.rejected_tag, target.why);
  const std::string why = about(target.failed_tag, target.why);
  return target.rejected_tag.empty()
             ? why
             : fmt::format("{} is held off; wanted instead: {}", target.rejected_tag, why);
}

Error cannot_go_back(const EnvironmentId& id, const Target& target, Error why) {
  if (end_of(why).condition != "Stalled" || why.code.ends_with(".stopped")) return why;
  why.message =
      fmt::format("{}; and the way back to {} failed: {}", about(target), target.tag, why.message);
  why.code = "rollback.failed";
  why.hint = what_ends(id, target);
  return why;
}

Error not_gone_back(const Plan& back, const Error& why, const Error& and_why) {
  Error e = and_why;
  const auto stays = std::ranges::find(why.facts, not_undone, &Fact::label);
  if (stays != why.facts.end()) e.facts.insert(e.facts.begin(), *stays);
  if (and_why.code == "rollback.failed") return e;
  // What ended it for now only is told as that: the next pass goes on.
  if (end_of(and_why).condition == "Stalled") e.code = "rollback.failed";
  e.message =
      fmt::format("{}; and the way back to {} failed: {}", why.message, back.to, and_why.message);
  return e;
}

}  // namespace reconciler
