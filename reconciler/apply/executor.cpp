#include "reconciler/apply/executor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "reconciler/apply/artifacts.hpp"
#include "reconciler/apply/attempt.hpp"
#include "reconciler/apply/carry_out.hpp"
#include "reconciler/apply/failures.hpp"
#include "reconciler/apply/kept.hpp"
#include "reconciler/apply/verify.hpp"
#include "reconciler/base/any_stop.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/plan/planner.hpp"

namespace reconciler {
namespace {

using namespace std::chrono_literals;
constexpr Duration snapshot_within{1min};
constexpr Duration between_snapshots{500ms};

/// A program, a stream or a wait that ended because we were told to stop has not failed.
bool ended_by_stop(std::string_view code) {
  return code == "process.stopped" || code == "docker.stopped" || code == "lock.stopped";
}

bool is_ledgers(const Action& action) {
  return action.work.phase == Phase::record && !action.work.targets.empty() &&
         action.work.targets[0].driver == "ledger";
}

/// What is said where a version is recorded without what it takes to make it again exactly.
void tell_no_snapshot(Run& run, const Action& action, const Error& why) {
  Output output(run, action);
  output.line(
      fmt::format("no sealed record of {} is kept ({}: {}): once its containers are gone, "
                  "the way back to it needs its images, its tree and its variables",
                  run.plan.to, why.code, printable(why.message, 200)));
  output.keep();
}

/// Of the very same version what was kept before goes on being right.
SealedRecords kept_of_the_same(const Run& run) {
  const auto& id = run.plan.environment;
  auto memory = run.tools.ledger.memory(id);
  if (!memory || !memory->current || memory->current->tag != run.plan.to ||
      memory->current->digest != run.plan.desired)
    return {};
  return run.tools.ledger.snapshots(id, Ledger::Slot::current).value_or(SealedRecords{});
}

/// What it takes to make the version again. A driver that cannot tell for a moment is asked again:
/// without it nothing goes back to this version by itself.
Result<SealedRecords> snapshot(const Run& run) {
  Clock& clock = run.tools.clock;
  const Deadline deadline(clock, snapshot_within);
  for (;;) {
    auto taken = run.tools.drivers.snapshot(run.plan.environment, run.desired.wanted, deadline);
    if (taken || taken.error().lasting != Lasting::transient || deadline.passed(clock))
      return taken;
    // It is verified and recorded by whoever comes next.
    if (!clock.wait_until(clock.now() + between_snapshots, run.stop))
      return failure(error("apply.stopped", "stopped before it was recorded"));
  }
}

/// The ledger's transaction is the truth; the state files after it are outputs. That a version runs
/// is recorded whether or not it can be said how to make it again.
Status record(Run& run, const Action& action) {
  auto snapshots = snapshot(run);
  if (!snapshots && snapshots.error().code == "apply.stopped") return failed(snapshots);
  if (!snapshots) {
    tell_no_snapshot(run, action, snapshots.error());
    snapshots = kept_of_the_same(run);
  } else if (auto version =
                 seal_version(run.tools.ledger.key(), run.plan.lineage,
                              without_skipped(run.desired, run.tools.cut), run.variables)) {
    (*snapshots)[kept_id(run.plan.environment)] = std::move(*version);
  } else {
    tell_no_snapshot(run, action, version.error());
  }
  const Release release{run.plan.to, run.plan.commit, run.plan.desired, run.tools.clock.wall()};
  const auto& excused = run.plan.excused;
  const Ledger::RecordedAs how{run.desired.asked,
                               {excused.begin(), excused.end()},
                               run.plan.held && !run.plan.held->is_deployed()};
  auto written = run.tools.ledger.record(run.id, release, *snapshots, how);
  if (!written && written.error().code == "ledger.too_large") {
    tell_no_snapshot(run, action, written.error());
    written = run.tools.ledger.record(run.id, release, {}, how);
  }
  if (!written) return written;
  run.recorded = true;
  run.tools.events.finished(action, Duration{0}, "");
  return run.tools.ledger.release(run.plan.environment, run.plan.released);
}

std::vector<const Action*> of_phase(const Plan& plan, Phase phase) {
  std::vector<const Action*> out;
  for (const auto& action : plan.actions)
    if (action.work.phase == phase) out.push_back(&action);
  return out;
}

/// What is to change a version, or what a version's own work changes for good.
bool commits(Phase phase) {
  return phase == Phase::release || phase == Phase::change || phase == Phase::after;
}

Status one_by_one(Run& run, const std::vector<const Action*>& actions) {
  for (const auto* action : actions) {
    const auto what = fmt::format("{} {}", action->work.verb, action->title);
    if (run.stop.stop_requested())
      return failure(error("apply.stopped", fmt::format("stopped before {}", what)));
    if (!run.committed && run.phase < Phase::verify && run.newer.stop_requested())
      return failure(superseded(run, "before " + what));
    if (commits(run.phase)) run.committed = true;
    const bool removes = action->artifact && action->work.phase == Phase::prune;
    auto done = is_ledgers(*action) ? record(run, *action)
                : removes           ? remove_artifact(run, *action)
                                    : carry_out(run, *action);
    // Which of our calls was waited for when the stop came says nothing to a person.
    if (!done && ended_by_stop(done.error().code))
      done.error().message = fmt::format("stopped during {}", what);
    if (!done) return done;
  }
  return {};
}

/// All work that belongs to a switch to the version has run, once verify is come to.
bool switch_steps_ran(const Run& run) {
  if (run.tools.cut.unrecorded) return !run.tools.cut.steps_left;
  return !of_phase(run.plan, Phase::record).empty();
}

/// Work of a version that is done again by the next one, or on the way back.
bool begins_switch_steps(const std::vector<const Action*>& actions) {
  return std::ranges::any_of(actions, [](const Action* action) {
    const Phase phase = action->work.phase;
    return (phase == Phase::release || phase == Phase::after) && action->once_key.empty();
  });
}

/// There is nothing of the version itself that is yet to be done.
bool stands(const Run& run) {
  return run.phase == Phase::prune ||
         (run.phase == Phase::record &&
          (run.recorded || std::ranges::none_of(run.plan.actions, is_ledgers)));
}

/// What is put right beside all else and fails for good differs again at the next look: it counts
/// like what came back, or it would be begun for ever.
bool differs_again(const Run& run, const Error& why) {
  if (run.stop.stop_requested() || run.newer.stop_requested()) return false;
  // Put right, and changed again while it was verified.
  if (run.phase == Phase::verify && why.code == "plan.stale") return true;
  return run.tools.aside && why.lasting == Lasting::terminal && why.code != "plan.stale";
}

/// Whether what runs was begun to be changed, as far as that speaks for going back. What a backup
/// needs may have been started for it, as it was: that alone is no half of another version.
bool touched(const Run& run, const Memory& before, const Memory& now) {
  return run.phase == Phase::backup ? before.touched : now.touched;
}

/// How a run ended in which all went well.
RunEnd well(const Run& run) {
  if (run.tools.aside) return run.tools.aside->well;
  const Shortened& cut = run.tools.cut;
  const std::string as_asked = fmt::format("{} ({})", cut.leaves, cut.by);
  if (cut.unrecorded) return {"Stalled", "CutShort", "apply.cut", as_asked};
  if (!cut.left_out.empty()) return {"Ready", "StepLeftOut", "apply.cut", as_asked};
  const auto& held = run.plan.held;
  if (held && held->rejected_tag.empty()) return {"Ready", "RequestFailed", "", about(*held)};
  return {"Ready", "Succeeded"};
}

Status all_phases(Run& run) {
  if (auto claimed = run.tools.ledger.claim(run.plan.environment, run.plan.to, run.plan.artifacts);
      !claimed)
    return claimed;
  for (int p = 0; p <= static_cast<int>(Phase::prune); ++p) {
    const auto phase = static_cast<Phase>(p);
    const auto actions = of_phase(run.plan, phase);
    if (phase == Phase::verify && switch_steps_ran(run))
      // From here on the switch steps of this version have run, whatever verify finds.
      if (auto written =
              run.tools.ledger.switch_steps_done(run.plan.environment, version_key(run.desired));
          !written)
        return written;
    if (actions.empty()) continue;
    run.phase = phase;
    if (touches_what_runs(phase) && !run.tools.aside) {
      const auto& unwell = run.plan.excused;
      auto written = run.tools.ledger.touch(run.plan.environment, {unwell.begin(), unwell.end()},
                                            run.plan.by_hand);
      if (!written) return written;
    }
    if (begins_switch_steps(actions) && !run.tools.aside) {
      // Cut off or failed from here on, they are those of no version.
      auto written = run.tools.ledger.switch_steps_done(run.plan.environment,
                                                        "begun:" + version_key(run.desired));
      if (!written) return written;
    }
    auto done = phase == Phase::supply   ? supply(run, actions)
                : phase == Phase::verify ? verify(run, actions)
                                         : one_by_one(run, actions);
    if (done && phase == Phase::supply && run.stop.stop_requested())
      done = failure(error("apply.stopped", "stopped before anything that runs was touched"));
    if (done && phase == Phase::supply && run.newer.stop_requested())
      done = failure(superseded(run, "before anything that runs was touched"));
    if (!done) return done;
  }
  return {};
}

}  // namespace

Result<Applied> Executor::apply(const Plan& plan, const Desired& desired,
                                const Variables& variables, const std::string& who,
                                std::stop_token stop) {
  RunStart start = run_of(plan, who);
  start.aside = tools_.aside.has_value();
  start.to_be_recorded = start.to_be_recorded || tools_.cut.unrecorded;
  auto before = tools_.ledger.memory(plan.environment);
  if (!before) return failed(before);
  auto id = tools_.ledger.begin_run(start);
  if (!id) return failed(id);
  // Nobody is left with a version that is not good until another one is ready.
  const std::stop_token newer = plan.held ? std::stop_token{} : tools_.newer;
  const AnyStop cut{stop, newer};
  Run run{tools_,
          *id,
          plan,
          desired,
          variables,
          redaction_for(tools_.ledger, plan.environment, *before, variables),
          std::move(stop),
          newer,
          cut.token()};
  auto done = all_phases(run);
  if ((done || stands(run) || differs_again(run, done.error())) && !plan.drifted.empty()) {
    auto counted = tools_.ledger.drifted(plan.environment, plan.drifted);
    if (done) done = std::move(counted);
  }
  if (done) {
    auto ended = tools_.ledger.end_run(*id, well(run));
    if (!ended) return Applied{*id, std::move(ended.error()), false};
    return Applied{*id, std::nullopt, false};
  }
  Error why = std::move(done.error());
  if (ended_by_stop(why.code)) {
    if (run.stop.stop_requested())
      why.code = "apply.stopped";
    else if (run.newer.stop_requested())
      why = superseded(run, fmt::format("during {}", to_text(run.phase)));
  }
  const auto by = tools_.cancelled ? tools_.cancelled->by() : "";
  if (why.code == "apply.stopped" && !by.empty()) why = cancelled(run, std::move(why), by);
  const auto memory = tools_.ledger.memory(plan.environment);
  if (plan.fallback && memory && sends_back(run.phase, touched(run, *before, *memory), why)) {
    why = with_not_undone(run, std::move(why));
    const RunEnd end = end_of_rejected(why);
    auto written =
        tools_.ledger.reject(*id, end, target_after(plan, desired, *id, end, tools_.clock.wall()));
    if (!written) return Applied{*id, std::move(written.error()), false};
    return Applied{*id, std::move(why), true, plan.stays};
  }
  // A ledger that cannot be written any more says so in `why`; the next look finds the run open.
  if (stands(run) && why.code != "apply.stopped" && why.code != "apply.cancelled") {
    (void)tools_.ledger.end_run(*id, end_of_what_follows(run.phase, why));
    return Applied{*id, what_follows_failed(run, std::move(why)), false, {}, true};
  }
  // A tag that a person wanted once, and of which nothing came, holds nothing off.
  if (plan.held && plan.held->is_deployed() && memory && !memory->touched)
    (void)tools_.ledger.clear_target(plan.environment);
  why = told(run, std::move(why));
  (void)tools_.ledger.end_run(
      *id, plan.held && !plan.held->is_deployed() ? end_of_way_back(why) : end_of(why));
  return Applied{*id, std::move(why), false};
}

}  // namespace reconciler
