#include "reconciler/removal.hpp"

#include "reconciler/apply/executor.hpp"
#include "reconciler/apply/kept.hpp"
#include "reconciler/other_locks.hpp"
#include "reconciler/plan/moved.hpp"
#include "reconciler/plan/planner.hpp"

namespace reconciler {
namespace {

using namespace std::chrono_literals;

/// What each driver was told of the last good version; nothing where that is not known any more.
std::map<std::string, Json> last_wanted(const Parts& parts, const EnvironmentId& id,
                                        const Memory& memory) {
  if (!memory.current) return {};
  auto kept =
      restore_version(parts.ledger, parts.drivers, {id, memory.current->tag, Ledger::Slot::current},
                      Deadline(parts.clock, look_within));
  return kept ? std::move(kept->desired.wanted) : std::map<std::string, Json>{};
}

Result<Plan> plan_removal(const Parts& parts, const EnvironmentId& id) {
  auto memory = parts.ledger.memory(id);
  if (!memory) return failed(memory);
  auto lineages = parts.ledger.lineages(id);
  if (!lineages) return failed(lineages);
  auto left = parts.drivers.left_behind(id, last_wanted(parts, id, *memory), *lineages,
                                        Deadline(parts.clock, look_within));
  if (!left) return failed(left);
  Plan plan = make_removal(id, *left, *memory);
  if (memory->suspended_at(parts.clock.wall())) plan.suspended = memory->suspended;
  return plan;
}

}  // namespace

Result<Reconciled> remove_environment(const Parts& parts, const EnvironmentId& id,
                                      const std::string& who, const AgreeToRemove& agree,
                                      Events& events, std::stop_token stop) {
  const Instant began = parts.clock.now();
  auto lock = lock_environment(parts.state, id, {parts.clock, 0s, stop});
  if (!lock) return failed(lock);
  auto plan = plan_removal(parts, id);
  if (!plan) return failed(plan);
  Reconciled done{*plan};
  if (plan->waits()) return done;
  auto agreed = agree(*plan);
  if (!agreed) return failed(agreed);
  done.declined = !*agreed;
  if (done.declined) return done;
  auto others = lock_others(parts, id);
  if (!others) return failed(others);
  auto again = plan_removal(parts, id);
  if (!again) return failed(again);
  if (auto why = moved(saved(*plan), *again)) return failure(std::move(*why));
  if (!again->empty()) {
    Desired nothing;
    nothing.id = id;
    Executor executor({parts.drivers, parts.ledger, parts.clock, events, parts.state});
    auto applied = executor.apply(*again, nothing, {}, who, std::move(stop));
    if (!applied) return failed(applied);
    if (applied->why) return failure(std::move(*applied->why));
  }
  if (auto forgotten = parts.ledger.forget(id, who); !forgotten) return failed(forgotten);
  if (auto gone = parts.providers.forget(id); !gone) return failed(gone);
  done.changed = true;
  done.took = parts.clock.now() - began;
  return done;
}

}  // namespace reconciler
