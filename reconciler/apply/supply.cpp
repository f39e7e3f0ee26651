#include "reconciler/apply/supply.hpp"

#include <algorithm>

#include "reconciler/apply/failures.hpp"
#include "reconciler/base/parallel.hpp"

namespace reconciler {

Status supply(Run& run, const std::vector<const Action*>& actions) {
  const auto lanes = static_cast<size_t>(std::max(1, run.desired.parallel));
  return in_parallel(lanes, actions.size(), [&](size_t i) -> Status {
    if (run.stop.stop_requested()) return {};
    const Action& action = *actions[i];
    const Instant began = run.tools.clock.now();
    run.tools.events.started(action);
    Output output(run, action);
    auto outcome = attempt(run, action, output);
    const Duration took = run.tools.clock.now() - began;
    if (!outcome) {
      run.tools.events.failed(action, took, outcome.error().message, output.last(10));
      return failed(outcome);
    }
    if (outcome->fate != Fate::succeeded) {
      run.tools.events.failed(action, took, words_of(*outcome), output.last(10));
      return failure(action_failed(run, action, *outcome));
    }
    run.tools.events.finished(action, took, words_of(*outcome));
    return {};
  });
}

}  // namespace reconciler
