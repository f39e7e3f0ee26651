#include "reconciler/service/pass.hpp"

#include <fmt/format.h>

#include "reconciler/base/any_stop.hpp"
#include "reconciler/base/backups.hpp"
#include "reconciler/compile.hpp"
#include "reconciler/condition.hpp"
#include "reconciler/data_kept.hpp"
#include "reconciler/errand.hpp"
#include "reconciler/plan/planner.hpp"
#include "reconciler/service/log_events.hpp"

namespace reconciler {
namespace {

using namespace std::chrono_literals;
/// In a lane, which others wait for: what takes longer is tried again later.
constexpr Duration patience{5s};

/// What the pass did not come to, or not to the end of, and no other pass is to.
bool leaves_beside(const Result<Reconciled>& done) {
  if (done) return !done->changed && !done->plan.stalled;
  return done.error().code != "apply.stopped" && done.error().code != "apply.superseded";
}

/// What is new is not to be had, or not allowed, for now: nobody says so of what runs.
bool waits_for_others(const Result<Reconciled>& done) {
  if (!done) {
    const std::string_view code = done.error().code;
    const auto of = [&](std::string_view family) { return code.starts_with(family); };
    return !of("docker.") && !of("ledger.") && !of("system.") && !of("lock.") && !of("rollback.") &&
           !of("apply.") && !code.ends_with(".stopped") && code != "plan.stale";
  }
  return !done->changed && !done->plan.stalled && !done->plan.suspended && done->plan.closed() > 0;
}

/// Somebody has worked since git was asked, for a commit that is neither what this pass goes by nor
/// what it would go to: it would undo that. A run of a time to come began while the clock was
/// wrong, and tells nothing.
bool was_overtaken(const Look& seen, const Asked& asked, const std::optional<RunRow>& work,
                   WallTime now) {
  return work && work->config_commit != asked.config.commit &&
         work->config_commit != seen.desired.config_commit &&
         work->started > asked.config.fetched_at && work->started <= now;
}

/// What is new failed, or was stopped by a person, before anything that runs was touched.
bool stands_still(const Result<Reconciled>& done, const Ledger& ledger) {
  if (!done || !done->declined || done->plan.held) return false;
  const auto memory = ledger.memory(done->plan.environment);
  return memory && memory->current && memory->unfinished && !memory->touched;
}

/// What was recorded did not stay well, and a person has to answer: what is down is put right all
/// the same.
bool did_not_stay_well(const Result<Reconciled>& done, const Ledger& ledger) {
  if (!done || !done->declined || done->plan.held) return false;
  const auto last = ledger.last_run(done->plan.environment);
  if (!last || !is_given_up(*last)) return false;
  const auto memory = ledger.memory(done->plan.environment);
  return memory && memory->current && memory->current->tag == done->plan.to && !memory->touched;
}

/// A person has to answer for the data, or for the release of what does not run: what runs is
/// neither.
bool stalls_beside(const Result<Reconciled>& done, const Ledger& ledger) {
  if (!done || !done->plan.stalled) return false;
  const std::string& reason = done->plan.stalled->reason;
  if (reason != "RestoreFailed" && reason != "ReleaseOutcomeUnknown") return false;
  const auto memory = ledger.memory(done->plan.environment);
  return memory && memory->current && !memory->touched;
}

/// Somebody is at it, the Engine is away, or others deployed what runs: whose data it is nobody
/// knows.
bool is_no_time_to_back_up(const Result<Reconciled>& done) {
  if (done) return done->plan.by_hand.has_value();
  const std::string_view code = done.error().code;
  return code.starts_with("lock.") || code.starts_with("docker.") || code.starts_with("ledger.") ||
         code.starts_with("system.") || code == "apply.superseded" || code == "apply.stopped";
}

}  // namespace

Result<Reconciled> Pass::look_after_recorded(const Parts& parts, Events& events, const Agree& agree,
                                             const Ends& ends) const {
  auto memory = parts.ledger.memory(asked_.spec.id);
  if (!memory) return failed(memory);
  Asked recorded = asked_;
  recorded.recorded = true;
  // Whatever is asked for by now, it is not this that another commit ends.
  const Ends own{ends.stop, {}, ends.beside, ends.patience};
  // Half of what is new runs: then it is the way back, where there is one.
  if (memory->touched) return reconcile(parts, recorded, "run", agree, events, own);
  // How the new one ended goes on to count: a person has to answer for it.
  const auto heals = [](Look& seen) -> Result<AsideRun> {
    keep_what_heals(seen.plan);
    return AsideRun{{"Ready", "Healed"}};
  };
  return reconcile_aside(parts, recorded, heals, "run", agree, events, own);
}

bool Pass::has_failed_half_way(const Ledger& ledger) const {
  if (!performing_) return false;
  const auto memory = ledger.memory(asked_.spec.id);
  return memory && memory->touched;
}

Result<Reconciled> Pass::run(const Parts& parts, Log& log, const std::function<void()>& performs,
                             std::stop_token stop) {
  LogEvents events(log, asked_.spec.id);
  const Ends ends{std::move(stop), newer_.get_token(), beside_.get_token(), patience};
  auto done = reconcile_all(parts, log, events, performs, ends);
  // What runs takes writes, whatever becomes of what git asks for.
  if (!is_no_time_to_back_up(done)) back_up_when_due(parts, log, events, performs, ends);
  if (!done) return done;
  // A newer commit waits for no check: what is unwell may be what it mends.
  const AnyStop ended({ends.stop, ends.newer});
  auto seen = look_on(parts, asked_, *done, ended.token());
  // What cannot be asked for the moment speaks neither for nor against it.
  looks_on_ = !seen || seen->has_value();
  if (!seen || !unwell_since_->too_long(*seen, parts.clock.now(), asked_.spec.verify_stable))
    return done;
  const auto agree = [&](const Look& back) -> Result<bool> {
    log.warn(fmt::format("{}: {}; plan {}: {} -> {}", asked_.spec.id.text(), (*seen)->unwell,
                         back.plan.id.substr(0, 6), back.plan.from, back.plan.to));
    performing_ = true;
    performs();
    return true;
  };
  return fail_looked_on(parts, asked_, **seen, agree, events, ends);
}

void Pass::back_up_when_due(const Parts& parts, Log& log, Events& events,
                            const std::function<void()>& performs, const Ends& ends) {
  if (!asked_.spec.backup_every || !tries_.backup) return;
  if (ends.stop.stop_requested() || ends.newer.stop_requested()) return;
  const auto memory = parts.ledger.memory(asked_.spec.id);
  if (!memory || !memory->current || memory->touched) return;
  if (memory->suspended_at(parts.clock.wall())) return;
  // Somebody wants another version, and has begun with that.
  if (memory->target && memory->target->tag != memory->current->tag) return;
  const auto there = BackupFolder(backups_of(parts.host, parts.state, asked_.spec.id)).list();
  if (!there) {
    backed_up_ = failure(there.error());
    return;
  }
  // One of a time to come was made while the clock was wrong.
  const auto age =
      there->empty() ? Duration::max() : Duration(parts.clock.wall() - there->front().written);
  if (age >= Duration{0} && age < *asked_.spec.backup_every) return;
  // What is there now may be half of one, or the wrong one: no backup of that takes the place of a
  // good one.
  if (data_in_doubt(parts.ledger, asked_.spec.id)) return;
  const auto agree = [&](const Look&) -> Result<bool> {
    log.info(fmt::format("{}: a backup is due", asked_.spec.id.text()));
    performing_ = true;
    performs();
    return true;
  };
  const Errand backup{.task = {}, .restart = {}, .backup = true, .restore = {}};
  auto made = run_errand(parts, asked_, backup, "run", agree, events, ends);
  backed_up_ = made ? Status{} : failure(made.error());
}

Result<Reconciled> Pass::reconcile_all(const Parts& parts, Log& log, Events& events,
                                       const std::function<void()>& performs, const Ends& ends) {
  const EnvironmentId& id = asked_.spec.id;
  const auto agree_to = [&](const Look& seen, bool recorded) -> Result<bool> {
    const auto last = parts.ledger.last_run(id);
    const auto run = last ? *last : std::nullopt;
    // What runs is only looked after, unless half of something else does.
    const bool undoes = !asked_.recorded && (!recorded || seen.memory.touched);
    Result<std::optional<RunRow>> work;
    if (undoes) work = parts.ledger.last_work(id);
    if (!work) return failed(work);
    if (was_overtaken(seen, asked_, *work, parts.clock.wall()))
      return failure(error("apply.superseded",
                           fmt::format("run {} has worked for commit {} since git was asked: git "
                                       "is asked again first",
                                       (*work)->serial, (*work)->config_commit.substr(0, 7))));
    // That it did not stay well keeps nobody from putting it right.
    const bool heals = recorded && is_given_up(run);
    const bool due =
        is_left_over(seen.plan, run)
            ? tries_.tidying
            : condition_of(seen.plan, heals ? std::nullopt : run).word == "Reconciling";
    if (!due) return false;
    log.info(fmt::format("{}: plan {}: {} -> {}", id.text(), seen.plan.id.substr(0, 6),
                         seen.plan.from, seen.plan.to));
    {
      const std::lock_guard lock(mutex_);
      // While what git asks for is rejected, it is that which another commit may change.
      works_for_ = seen.memory.target ? seen.memory.target->rejected : seen.desired.asked;
    }
    performing_ = true;
    performs();
    return true;
  };
  const Agree agree = [&](const Look& seen) { return agree_to(seen, asked_.recorded); };
  auto done = reconcile(parts, asked_, "run", agree, events, ends);
  const bool waits = waits_for_others(done) || stands_still(done, parts.ledger) ||
                     stalls_beside(done, parts.ledger) || did_not_stay_well(done, parts.ledger);
  if (waits && !has_failed_half_way(parts.ledger)) {
    // Nobody says so of what runs: that is looked after all the same.
    const Agree to_recorded = [&](const Look& seen) { return agree_to(seen, true); };
    auto kept = look_after_recorded(parts, events, to_recorded, ends);
    if (!kept && kept.error().code != "rollback.not_kept") return kept;
  }
  if (started_beside_ && leaves_beside(done))
    if (auto stopped = stop_beside(parts, asked_, "run", events, ends); !stopped && done)
      return failed(stopped);
  return done;
}

bool Pass::works_for(const std::string& asked) const {
  const std::lock_guard lock(mutex_);
  return works_for_ == asked;
}

}  // namespace reconciler
