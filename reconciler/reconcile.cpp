#include "reconciler/reconcile.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/apply/executor.hpp"
#include "reconciler/apply/failures.hpp"
#include "reconciler/base/any_stop.hpp"
#include "reconciler/counted_on.hpp"
#include "reconciler/cut_off.hpp"
#include "reconciler/other_locks.hpp"
#include "reconciler/partly.hpp"
#include "reconciler/plan/moved.hpp"
#include "reconciler/plan/planner.hpp"
#include "reconciler/sweep.hpp"
#include "reconciler/take_over.hpp"
#include "reconciler/way_back.hpp"

namespace reconciler {
namespace {

using namespace std::chrono_literals;
/// What is performed is performed with what providers say now, asked once for each apply.
constexpr Duration just_now{1min};

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
        cut_{stop_, std::move(ends.newer)},
        cancel_(parts.state, asked.spec.id) {
    tools_.cancelled = &cancel_;
  }

  /// Settles what was cut off, unless a person stopped everything; what is to be from here on, and
  /// the plan that follows.
  Result<Look> begin() {
    if (auto ended = parts_.ledger.end_cut_aside(asked_.spec.id); !ended) return failed(ended);
    auto memory = parts_.ledger.memory(asked_.spec.id);
    if (!memory) return failed(memory);
    auto wish = desire(parts_, asked_, *memory, cut_.token());
    if (!wish) return failed(wish);
    const bool suspended = memory->suspended_at(parts_.clock.wall());
    if (!suspended) {
      // What was cut off, of a version or by hand, may be waited for as long as it takes.
      auto open = parts_.ledger.open_attempts(asked_.spec.id);
      if (!open) return failed(open);
      if (!open->empty()) cancel_.watch();
      const AnyStop stop{stop_, cancel_.token()};
      auto settled = settle_cut_off(parts_, asked_, tools_, *wish, *memory, stop.token());
      if (!settled) return failed(settled);
      if (*settled) memory = parts_.ledger.memory(asked_.spec.id);
      if (!memory) return failed(memory);
    }
    const bool had_target = memory->target.has_value();
    auto seen = look_at(parts_, asked_, std::move(*wish), std::move(*memory));
    if (!seen || suspended) return seen;
    seen = take_over(parts_, asked_, std::move(*seen), who_, stop_);
    if (!seen) return seen;
    auto rejected = reject_cut_off(parts_, *seen);
    if (!rejected) return failed(rejected);
    if (*rejected) {
      Asked same = asked_;
      same.fetch = false;
      return look(parts_, same, stop_);
    }
    // A run ends the target that it does not work towards; here none is begun.
    const bool ends = seen->plan.empty() && !seen->plan.held && had_target && !asked_.recorded;
    if (ends)
      if (auto ended = parts_.ledger.clear_target(asked_.spec.id); !ended) return failed(ended);
    return seen;
  }

  /// Performs a plan beside what is wanted.
  Status perform_aside(const Look& look, AsideRun aside) {
    const AnyStop stop{stop_, cancel_.token()};
    cancel_.watch();
    Tools tools = tools_;
    tools.aside = std::move(aside);
    auto applied =
        Executor(tools).apply(look.plan, look.desired, look.variables, who_, stop.token());
    if (!applied) return failed(applied);
    return applied->why ? failure(std::move(*applied->why)) : Status{};
  }

  /// Performs the plan, then at most the fallback that it named.
  Status perform(const Look& look, const Shortened& cut = {}) {
    for (const auto& [key, task] : look.plan.assumed)
      if (auto done = parts_.ledger.assume(asked_.spec.id, key, task, Fate::succeeded, "by hand");
          !done)
        return done;
    const AnyStop stop{stop_, cancel_.token()};
    cancel_.watch();
    Tools tools = tools_;
    tools.cut = cut;  // of this plan: the way back is whole
    Executor executor(std::move(tools));
    auto applied = executor.apply(look.plan, look.desired, look.variables, who_, stop.token());
    if (!applied) return failed(applied);
    if (!applied->why) return {};
    if (applied->rejected)
      return failure(go_back(parts_, asked_, tools_, who_, *applied, stop.token()));
    if (look.plan.held && !look.plan.held->is_deployed() && !applied->stands && !asked_.instead)
      return failure(cannot_go_back(asked_.spec.id, *look.plan.held, std::move(*applied->why)));
    return failure(std::move(*applied->why));
  }

 private:
  const Parts& parts_;
  const Asked& asked_;
  const std::string& who_;
  Tools tools_;
  std::stop_token stop_;
  AnyStop cut_;
  Cancellation cancel_;
};

Error superseded(const Asked& asked) {
  return error("apply.superseded", fmt::format("{} is not asked for as it was any more: ended "
                                               "before anything was done",
                                               asked.spec.tag))
      .next(fmt::format("nothing is to be done: what is asked for now is next for {}",
                        asked.spec.id.text()));
}

}  // namespace

Result<Partly> reconcile_partly(const Parts& parts, const Asked& asked, const Cut& cut,
                                const std::string& who, const Agree& agree, Events& events,
                                Ends ends) {
  const Instant began = parts.clock.now();
  auto lock = lock_environment(parts.state, asked.spec.id, {parts.clock, 0s, ends.stop});
  if (!lock) return failed(lock);

  Reconciling reconciling(parts, asked, who, events, ends);
  auto seen = reconciling.begin();
  if (ends.newer.stop_requested()) return failure(superseded(asked));
  if (!seen) return failed(seen);
  if (auto left = leave_to_a_person(parts, *seen); !left) return failed(left);
  auto shown = shorten(seen->plan, seen->desired, cut);
  if (!shown) return failed(shown);
  Partly partly{{seen->plan}, std::move(*shown)};
  Reconciled& done = partly.done;
  if (seen->plan.empty() || seen->plan.waits()) return partly;

  auto agreed = agree(*seen);
  if (!agreed) return failed(agreed);
  done.declined = !*agreed;
  if (done.declined) return partly;
  auto others = lock_others(parts, asked.spec.id);
  if (!others) return failed(others);
  if (auto counted = count_on(parts, seen->plan, {parts.clock, ends.patience, ends.stop}); !counted)
    return failed(counted);
  // A person thinks for a while; what is performed is what was shown, or nothing.
  Asked same = asked;
  same.fetch = false;
  same.answers_within = just_now;
  auto again = look(parts, same, ends.stop);
  if (ends.newer.stop_requested()) return failure(superseded(asked));
  if (!again) return failed(again);
  auto shortened = shorten(again->plan, again->desired, cut);
  if (!shortened) return failed(shortened);
  if (auto why = moved(saved(seen->plan), again->plan)) return failure(std::move(*why));
  done.plan = again->plan;
  if (done.plan.waits()) return partly;

  if (auto performed = reconciling.perform(*again, *shortened); !performed)
    return failed(performed);
  sweep(parts, asked.spec.id);
  done.changed = true;
  done.took = parts.clock.now() - began;
  return partly;
}

Result<Reconciled> reconcile(const Parts& parts, const Asked& asked, const std::string& who,
                             const Agree& agree, Events& events, Ends ends) {
  auto partly = reconcile_partly(parts, asked, {}, who, agree, events, std::move(ends));
  if (!partly) return failed(partly);
  return std::move(partly->done);
}

Result<Reconciled> reconcile_aside(const Parts& parts, const Asked& asked, const Aside& aside,
                                   const std::string& who, const Agree& agree, Events& events,
                                   Ends ends) {
  const Instant began = parts.clock.now();
  auto lock = lock_environment(parts.state, asked.spec.id, {parts.clock, 0s, ends.stop});
  if (!lock) return failed(lock);
  Reconciling reconciling(parts, asked, who, events, ends);
  auto seen = reconciling.begin();
  if (!seen) return failed(seen);
  auto run = aside(*seen);
  if (!run) return failed(run);
  if (auto left = leave_to_a_person(parts, *seen); !left) return failed(left);
  Reconciled done{seen->plan};
  if (done.plan.empty() || done.plan.suspended) return done;
  auto agreed = agree(*seen);
  if (!agreed) return failed(agreed);
  done.declined = !*agreed;
  if (done.declined) return done;
  auto others = lock_others(parts, asked.spec.id);
  if (!others) return failed(others);
  if (auto performed = reconciling.perform_aside(*seen, std::move(*run)); !performed)
    return failed(performed);
  done.changed = true;
  done.took = parts.clock.now() - began;
  return done;
}

Status stop_beside(const Parts& parts, const Asked& asked, const std::string& who, Events& events,
                   Ends ends) {
  const auto only_stops = [](Look& seen) -> Result<AsideRun> {
    keep_what_stops(seen.plan, seen.observation);
    return AsideRun{{"Reconciling", "StoppedBeside"}};
  };
  const auto yes = [](const Look&) -> Result<bool> { return true; };
  auto done = reconcile_aside(parts, asked, only_stops, who, yes, events, std::move(ends));
  return done ? Status{} : failed(done);
}

}  // namespace reconciler
