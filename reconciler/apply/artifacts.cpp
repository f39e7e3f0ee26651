#include "reconciler/apply/artifacts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/apply/carry_out.hpp"
#include "reconciler/base/parallel.hpp"
#include "reconciler/ledger/locks.hpp"

namespace reconciler {
namespace {

Result<Lock> take_lock(const Run& run, const Action& action, const std::stop_token& stop) {
  return lock_artifact(run.tools.state, action.work.targets.at(0),
                       {run.tools.clock, run.tools.patience, stop});
}

Status supply_one(Run& run, const Action& action) {
  auto locked = take_lock(run, action, run.cut);
  if (!locked) return failed(locked);
  return carry_out(run, action);
}

}  // namespace

Status supply(Run& run, const std::vector<const Action*>& actions) {
  const auto lanes = static_cast<size_t>(std::max(1, run.desired.parallel));
  return in_parallel(lanes, actions.size(), [&](size_t i) {
    return run.cut.stop_requested() ? Status{} : supply_one(run, *actions[i]);
  });
}

Status remove_artifact(Run& run, const Action& action) {
  auto locked = take_lock(run, action, run.stop);
  if (!locked) return failed(locked);
  const auto& artifact = action.work.targets.at(0);
  auto claims = run.tools.ledger.claims(run.plan.environment, {artifact});
  if (!claims) return failed(claims);
  if (!claims->empty()) {
    run.tools.events.finished(
        action, Duration{0},
        fmt::format("it stays: {} counts on it now", claims->begin()->second.front().id.text()));
    return {};
  }
  if (auto done = carry_out(run, action); !done) return done;
  return run.tools.ledger.forget(run.plan.environment, artifact);
}

}  // namespace reconciler
