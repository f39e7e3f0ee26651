#include "reconciler/reconcile.hpp"

#include "reconciler/apply/executor.hpp"
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

Result<Look> look_at(const Parts& parts, const Asked& asked, Wish wish) {
  auto memory = parts.ledger.memory(asked.spec.id);
  if (!memory) return failed(memory);
  auto seen = parts.drivers.observe(asked.spec.id, wish.prepared.wanted, *memory, wish.variables,
                                    Deadline(parts.clock, look_within));
  if (!seen) return failed(seen);
  if (wish.stale)
    seen->notices.push_back("source: works on from the last fetch: " + wish.stale->message);
  if (parts.ledger.loss() && parts.ledger.loss()->code == "ledger.key_lost")
    seen->notices.push_back("warning: " + parts.ledger.loss()->message);
  Plan plan = make_plan(wish.desired, *seen, *memory, parts.clock.wall());
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

}  // namespace

Result<Look> look(const Parts& parts, const Asked& asked, std::stop_token stop) {
  auto wish = desire(parts, asked, std::move(stop));
  if (!wish) return failed(wish);
  return look_at(parts, asked, std::move(*wish));
}

Result<Reconciled> reconcile(const Parts& parts, const Asked& asked, const std::string& who,
                             const Agree& agree, Events& events, std::stop_token stop) {
  const Instant began = parts.clock.now();
  const Tools tools{parts.drivers, parts.ledger, parts.clock, events, parts.state};
  auto lock = lock_environment(parts.state, asked.spec.id, {parts.clock, 0s, stop});
  if (!lock) return failed(lock);

  auto wish = desire(parts, asked, stop);
  if (!wish) return failed(wish);
  if (auto settled = settle_open_attempts(tools, asked.spec.id, wish->variables, stop); !settled)
    return failed(settled);
  auto seen = look_at(parts, asked, std::move(*wish));
  if (!seen) return failed(seen);
  Reconciled done{seen->plan};
  if (seen->plan.stalled || seen->plan.empty()) return done;

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

  Executor executor(tools);
  if (auto applied = executor.apply(again->plan, again->desired, again->variables, who, stop);
      !applied)
    return failed(applied);
  sweep(parts, asked.spec.id);
  done.changed = true;
  done.took = parts.clock.now() - began;
  return done;
}

}  // namespace reconciler
