#include "reconciler/reconcile.hpp"

#include <fmt/format.h>

#include "reconciler/apply/executor.hpp"
#include "reconciler/apply/failures.hpp"
#include "reconciler/apply/kept.hpp"
#include "reconciler/apply/recovery.hpp"
#include "reconciler/desire.hpp"
#include "reconciler/ledger/locks.hpp"
#include "reconciler/plan/moved.hpp"
#include "reconciler/plan/planner.hpp"
#include "reconciler/sweep.hpp"

namespace reconciler {
namespace {

using namespace std::chrono_literals;
constexpr Duration look_within{60s};

/// Where what it would take to go back is not here any more, the plan says so before it begins.
Status check_way_back(const Parts& parts, const Memory& memory, Plan& plan) {
  if (!plan.fallback) return {};
  const Again again{plan.environment, *plan.fallback, Ledger::Slot::current, true};
  auto kept =
      restore_version(parts.ledger, parts.drivers, again, Deadline(parts.clock, look_within));
  if (!kept && kept.error().lasting == Lasting::transient) return failed(kept);
  if (!kept) without_way_back(plan, memory, kept.error().message);
  return {};
}

Result<Look> look_at(const Parts& parts, const Asked& asked, Wish wish) {
  auto memory = parts.ledger.memory(asked.spec.id);
  if (!memory) return failed(memory);
  if (!wish.held) memory->target.reset();
  auto seen = parts.drivers.observe(asked.spec.id, wish.prepared.wanted, *memory, wish.variables,
                                    Deadline(parts.clock, look_within));
  if (!seen) return failed(seen);
  if (wish.stale)
    seen->notices.push_back("source: works on from the last fetch: " + wish.stale->message);
  if (wish.unreadable)
    seen->notices.push_back(
        fmt::format("warning: what git asks for now, {}, cannot be read: {}: {}", asked.spec.tag,
                    wish.unreadable->code, wish.unreadable->message));
  if (parts.ledger.loss() && parts.ledger.loss()->code == "ledger.key_lost")
    seen->notices.push_back("warning: " + parts.ledger.loss()->message);
  Plan plan = make_plan(wish.desired, *seen, *memory, parts.clock.wall());
  if (auto checked = check_way_back(parts, *memory, plan); !checked) return failed(checked);
  auto lost = parts.ledger.needs_adoption(asked.spec.id);
  if (!lost) return failed(lost);
  if (*lost) {
    // What was released before is not known any more, and nothing is run on a guess.
    plan.actions.clear();
    plan.stalled = Stall{"LedgerLost",
                         parts.ledger.loss() ? parts.ledger.loss()->message : "the ledger was lost",
                         "look at what runs, then: reconciler adopt " + asked.spec.id.text()};
  }
  return Look{std::move(wish.desired), std::move(wish.variables), std::move(*seen),
              std::move(*memory), std::move(plan)};
}

/// What came back once too often is left to a person from now on, however long that takes.
Status leave_to_a_person(const Parts& parts, const Look& seen) {
  if (!seen.plan.stalled || seen.plan.suspended) return {};
  auto drifted = seen.plan.drifted;
  std::erase_if(drifted, [&](const auto& one) {
    return seen.memory.returns.at(one) > most_put_right;  // that is known
  });
  if (drifted.empty()) return {};
  return parts.ledger.drifted(seen.plan.environment, drifted);
}

/// One environment under its lock.
class Reconciling {
 public:
  Reconciling(const Parts& parts, const Asked& asked, const std::string& who, Events& events,
              std::stop_token stop)
      : parts_(parts),
        asked_(asked),
        who_(who),
        tools_{parts.drivers, parts.ledger, parts.clock, events, parts.state},
        stop_(std::move(stop)) {}

  /// Settles what was cut off, unless a person stopped everything; what is to be from here on, and
  /// the plan that follows.
  Result<Look> begin() {
    auto memory = parts_.ledger.memory(asked_.spec.id);
    if (!memory) return failed(memory);
    auto wish = desire(parts_, asked_, *memory, stop_);
    if (!wish) return failed(wish);
    if (memory->suspended_at(parts_.clock.wall())) return look_at(parts_, asked_, std::move(*wish));
    if (memory->target && !wish->held)
      if (auto ended = parts_.ledger.clear_target(asked_.spec.id); !ended) return failed(ended);
    if (auto settled = settle_open_attempts(tools_, asked_.spec.id, wish->variables, stop_);
        !settled)
      return failed(settled);
    return look_at(parts_, asked_, std::move(*wish));
  }

  /// Performs the plan, then at most the fallback that it named.
  Status perform(const Look& look) {
    Executor executor(tools_);
    auto applied = executor.apply(look.plan, look.desired, look.variables, who_, stop_);
    if (!applied) return failed(applied);
    if (!applied->why) return {};
    if (applied->rejected) return go_back(*applied);
    return failure(std::move(*applied->why));
  }

 private:
  /// The ordinary loop towards another target; the error says how both ended.
  Status go_back(const Applied& failed_one) {
    auto memory = parts_.ledger.memory(asked_.spec.id);
    if (!memory) return failed(memory);
    Plan back;
    back.environment = asked_.spec.id;
    back.held = memory->target;
    back.to = memory->target ? memory->target->tag : "";
    auto wish = desire_target(parts_, asked_.spec.id, *memory);
    if (!wish) return failure(not_gone_back(back, *failed_one.why, wish.error()));
    auto look = look_at(parts_, asked_, std::move(*wish));
    if (!look) return failure(not_gone_back(back, *failed_one.why, look.error()));
    if (!look->plan.empty()) {
      Executor executor(tools_);
      auto applied = executor.apply(look->plan, look->desired, look->variables, who_, stop_);
      if (!applied) return failed(applied);
      if (applied->why) return failure(not_gone_back(look->plan, *failed_one.why, *applied->why));
      sweep(parts_, asked_.spec.id);
    }
    return failure(gone_back(look->plan, *failed_one.why, failed_one.run));
  }

  const Parts& parts_;
  const Asked& asked_;
  const std::string& who_;
  Tools tools_;
  std::stop_token stop_;
};

}  // namespace

Result<Look> look(const Parts& parts, const Asked& asked, std::stop_token stop) {
  auto memory = parts.ledger.memory(asked.spec.id);
  if (!memory) return failed(memory);
  auto wish = desire(parts, asked, *memory, std::move(stop));
  if (!wish) return failed(wish);
  return look_at(parts, asked, std::move(*wish));
}

Result<Reconciled> reconcile(const Parts& parts, const Asked& asked, const std::string& who,
                             const Agree& agree, Events& events, std::stop_token stop) {
  const Instant began = parts.clock.now();
  auto lock = lock_environment(parts.state, asked.spec.id, {parts.clock, 0s, stop});
  if (!lock) return failed(lock);

  Reconciling reconciling(parts, asked, who, events, stop);
  auto seen = reconciling.begin();
  if (!seen) return failed(seen);
  Reconciled done{seen->plan};
  if (auto left = leave_to_a_person(parts, *seen); !left) return failed(left);
  if (seen->plan.empty() || seen->plan.waits()) return done;

  auto agreed = agree(*seen);
  if (!agreed) return failed(agreed);
  done.declined = !*agreed;
  if (done.declined) return done;
  // A person thinks for a while; what is performed is what was shown, or nothing.
  Asked same = asked;
  same.fetch = false;
  auto again = look(parts, same, stop);
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

}  // namespace reconciler
