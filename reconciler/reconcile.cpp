#include "reconciler/reconcile.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/apply/executor.hpp"
#include "reconciler/apply/failures.hpp"
#include "reconciler/apply/kept.hpp"
#include "reconciler/apply/recovery.hpp"
#include "reconciler/base/any_stop.hpp"
#include "reconciler/ledger/locks.hpp"
#include "reconciler/plan/moved.hpp"
#include "reconciler/plan/planner.hpp"
#include "reconciler/sweep.hpp"

namespace reconciler {
namespace {

using namespace std::chrono_literals;

/// What came back once too often is left to a person from now on, however long that takes.
Status leave_to_a_person(const Parts& parts, const Look& seen) {
  const Plan& plan = seen.plan;
  if (plan.suspended || !plan.stalled || plan.stalled->reason != "Flapping") return {};
  auto drifted = plan.drifted;
  std::erase_if(drifted, [&](const auto& one) {
    return seen.memory.returns.at(one) > most_put_right;  // that is known
  });
  if (drifted.empty()) return {};
  return parts.ledger.drifted(plan.environment, drifted);
}

/// One environment under its lock.
class Reconciling {
 public:
  Reconciling(const Parts& parts, const Asked& asked, const std::string& who, Events& events,
              Ends ends)
      : parts_(parts),
        asked_(asked),
        who_(who),
        tools_{parts.drivers, parts.ledger,           parts.clock,  events, parts.state,
               ends.newer,    std::move(ends.beside), ends.patience},
        stop_(std::move(ends.stop)),
        cut_{stop_, std::move(ends.newer)} {}

  /// Settles what was cut off, unless a person stopped everything; what is to be from here on, and
  /// the plan that follows.
  Result<Look> begin() {
    auto memory = parts_.ledger.memory(asked_.spec.id);
    if (!memory) return failed(memory);
    auto wish = desire(parts_, asked_, *memory, cut_.token());
    if (!wish) return failed(wish);
    const bool suspended = memory->suspended_at(parts_.clock.wall());
    if (!suspended) {
      auto settled = settle(*wish, *memory);
      if (!settled) return failed(settled);
      if (*settled) memory = parts_.ledger.memory(asked_.spec.id);
      if (!memory) return failed(memory);
    }
    const bool had_target = memory->target.has_value();
    auto seen = look_at(parts_, asked_, std::move(*wish), std::move(*memory));
    if (!seen || suspended) return seen;
    auto rejected = reject_cut_off(*seen);
    if (!rejected) return failed(rejected);
    if (*rejected) {
      Asked same = asked_;
      same.fetch = false;
      return look(parts_, same, stop_);
    }
    // A run ends the target that it does not work towards; here none is begun.
    const bool ends = seen->plan.empty() && !seen->plan.held && had_target;
    if (ends)
      if (auto ended = parts_.ledger.clear_target(asked_.spec.id); !ended) return failed(ended);
    return seen;
  }

  /// Performs a plan of which keep_what_stops() left something.
  Status perform_aside(const Look& look) {
    Tools tools = tools_;
    tools.aside = true;
    auto applied = Executor(tools).apply(look.plan, look.desired, look.variables, who_, stop_);
    if (!applied) return failed(applied);
    return applied->why ? failure(std::move(*applied->why)) : Status{};
  }

  /// Performs the plan, then at most the fallback that it named.
  Status perform(const Look& look) {
    for (const auto& [key, task] : look.plan.assumed)
      if (auto done = parts_.ledger.assume(asked_.spec.id, key, task, Fate::succeeded, "by hand");
          !done)
        return done;
    Executor executor(tools_);
    auto applied = executor.apply(look.plan, look.desired, look.variables, who_, stop_);
    if (!applied) return failed(applied);
    if (!applied->why) return {};
    if (applied->rejected) return go_back(*applied);
    if (look.plan.held && !applied->stands && !asked_.instead)
      return failure(cannot_go_back(asked_.spec.id, *look.plan.held, std::move(*applied->why)));
    return failure(std::move(*applied->why));
  }

 private:
  /// Whether there was anything. What was cut off may have been begun with what git asks for now,
  /// or what was current, and says it with the secrets of that.
  Result<bool> settle(const Wish& wish, const Memory& memory) {
    const auto& id = asked_.spec.id;
    auto open = parts_.ledger.open_attempts(id);
    if (!open) return failed(open);
    if (open->empty()) return false;
    Redaction redaction(wish.variables);
    for (const auto& [release, slot] : {std::pair(&memory.current, Ledger::Slot::current),
                                        std::pair(&memory.previous, Ledger::Slot::previous)})
      if (*release)
        if (const auto kept = kept_version(parts_.ledger, {id, (*release)->tag, slot}))
          redaction.hide(kept->variables);
    if (wish.target) {
      Asked git = asked_;
      git.instead.reset();
      git.fetch = false;
      Memory without = memory;
      without.target.reset();
      if (const auto asked_for = desire(parts_, git, without, stop_))
        redaction.hide(asked_for->variables);
    }
    auto settled = settle_open_attempts(tools_, id, wish.variables, redaction, stop_);
    if (!settled) return failed(settled);
    return true;
  }

  /// A run that died after its release failed, or while it did, had a way back: the one write that
  /// it did not come to.
  Result<bool> reject_cut_off(const Look& seen) {
    if (!seen.plan.stalled || seen.plan.stalled->reason != "ReleaseFailed") return false;
    auto open = parts_.ledger.open_run(asked_.spec.id);
    if (!open) return failed(open);
    if (!*open || !seen.memory.current || (*open)->fallback != seen.memory.current->tag)
      return false;
    const RunRow& run = (*open)->run;
    const auto& steps = seen.desired.steps;
    const auto one = std::ranges::find_if(run.attempts, [&](const AttemptRow& attempt) {
      return !attempt.once_key.empty() && attempt.fate == Fate::failed &&
             std::ranges::find(steps, attempt.once_key, &Step::once_key) != steps.end();
    });
    if (one == run.attempts.end()) return false;
    const Error why = release_failed(asked_.spec.id, one->title, run.to, one->evidence);
    const RunEnd end = end_of_rejected(why);
    const Target target{(*open)->fallback, seen.desired.asked,  run.to, end.reason, why.message,
                        run.serial,        parts_.clock.wall(), run.to};
    if (auto written = parts_.ledger.reject(run.serial, end, target); !written)
      return failed(written);
    return true;
  }

  /// The ordinary loop towards another target; the error says how both ended.
  Status go_back(const Applied& failed_one) {
    auto memory = parts_.ledger.memory(asked_.spec.id);
    if (!memory) return failed(memory);
    Plan back;
    back.environment = asked_.spec.id;
    back.held = memory->target;
    back.to = memory->target ? memory->target->tag : "";
    auto wish = desire_target(parts_, asked_.spec, *memory);
    if (!wish)
      return failure(
          not_gone_back(back, *failed_one.why,
                        cannot_go_back(asked_.spec.id, *memory->target, std::move(wish.error()))));
    auto look = look_at(parts_, asked_, std::move(*wish), std::move(*memory));
    if (!look) return failure(not_gone_back(back, *failed_one.why, look.error()));
    if (!look->plan.empty()) {
      Executor executor(tools_);
      auto applied = executor.apply(look->plan, look->desired, look->variables, who_, stop_);
      if (!applied) return failed(applied);
      if (applied->why && applied->why->code == "apply.superseded")
        return failure(std::move(*applied->why));
      if (applied->why && !applied->stands)
        return failure(not_gone_back(look->plan, *failed_one.why, *applied->why));
      sweep(parts_, asked_.spec.id);
    }
    return failure(gone_back(look->plan, failed_one, look->memory.previous));
  }

  const Parts& parts_;
  const Asked& asked_;
  const std::string& who_;
  Tools tools_;
  std::stop_token stop_;
  AnyStop cut_;
};

/// From here on nobody takes away what is counted on; who had begun to has ended. What is to be
/// supplied is supplied again if it went. What another one came to count on is for the run to say.
Status count_on(const Parts& parts, const Plan& plan, const Ends& ends) {
  auto claimed = parts.ledger.claim(plan.environment, plan.to, plan.artifacts);
  if (!claimed && claimed.error().code != "image.shared") return claimed;
  for (const auto& one : plan.artifacts) {
    const ResourceId& artifact = one.first;
    const bool supplied = std::ranges::any_of(plan.actions, [&](const Action& action) {
      return action.work.phase == Phase::supply && action.work.targets.at(0) == artifact;
    });
    if (supplied) continue;
    auto lock = lock_artifact(parts.state, artifact, {parts.clock, ends.patience, ends.stop});
    if (!lock && lock.error().code == "lock.stopped")
      return failure(error("apply.stopped", "stopped before anything was done"));
    if (!lock) return failed(lock);
  }
  return {};
}

Error superseded(const Asked& asked) {
  return error("apply.superseded", fmt::format("{} is not asked for as it was any more: ended "
                                               "before anything was done",
                                               asked.spec.tag))
      .next(fmt::format("nothing is to be done: what is asked for now is next for {}",
                        asked.spec.id.text()));
}

}  // namespace

Result<Reconciled> reconcile(const Parts& parts, const Asked& asked, const std::string& who,
                             const Agree& agree, Events& events, Ends ends) {
  const Instant began = parts.clock.now();
  auto lock = lock_environment(parts.state, asked.spec.id, {parts.clock, 0s, ends.stop});
  if (!lock) return failed(lock);

  Reconciling reconciling(parts, asked, who, events, ends);
  auto seen = reconciling.begin();
  if (ends.newer.stop_requested()) return failure(superseded(asked));
  if (!seen) return failed(seen);
  Reconciled done{seen->plan};
  if (auto left = leave_to_a_person(parts, *seen); !left) return failed(left);
  if (seen->plan.empty() || seen->plan.waits()) return done;

  auto agreed = agree(*seen);
  if (!agreed) return failed(agreed);
  done.declined = !*agreed;
  if (done.declined) return done;
  if (auto counted = count_on(parts, seen->plan, ends); !counted) return failed(counted);
  // A person thinks for a while; what is performed is what was shown, or nothing.
  Asked same = asked;
  same.fetch = false;
  auto again = look(parts, same, ends.stop);
  if (ends.newer.stop_requested()) return failure(superseded(asked));
  if (!again) return failed(again);
  if (auto why = moved(saved(seen->plan), again->plan)) return failure(std::move(*why));
  done.plan = again->plan;
  if (done.plan.waits()) return done;

  if (auto performed = reconciling.perform(*again); !performed) return failed(performed);
  sweep(parts, asked.spec.id);
  done.changed = true;
  done.took = parts.clock.now() - began;
  return done;
}

Status stop_beside(const Parts& parts, const Asked& asked, const std::string& who, Events& events,
                   Ends ends) {
  auto lock = lock_environment(parts.state, asked.spec.id, {parts.clock, 0s, ends.stop});
  if (!lock) return failed(lock);
  Reconciling reconciling(parts, asked, who, events, ends);
  auto seen = reconciling.begin();
  if (!seen) return failed(seen);
  keep_what_stops(seen->plan, seen->observation);
  if (seen->plan.empty() || seen->plan.suspended) return {};
  return reconciling.perform_aside(*seen);
}

}  // namespace reconciler
