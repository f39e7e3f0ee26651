#include "reconciler/counted_on.hpp"

#include <algorithm>

namespace reconciler {

Status count_on(const Parts& parts, const Plan& plan, const Patience& patience) {
  auto claimed = parts.ledger.claim(plan.environment, plan.to, plan.artifacts);
  if (!claimed && claimed.error().code != "image.shared") return claimed;
  for (const auto& one : plan.artifacts) {
    const ResourceId& artifact = one.first;
    const bool supplied = std::ranges::any_of(plan.actions, [&](const Action& action) {
      return action.work.phase == Phase::supply && action.work.targets.at(0) == artifact;
    });
    if (supplied) continue;
    auto lock = lock_artifact(parts.state, artifact, patience);
    if (!lock && lock.error().code == "lock.stopped")
      return failure(error("apply.stopped", "stopped before anything was done"));
    if (!lock) return failed(lock);
  }
  return {};
}

}  // namespace reconciler
