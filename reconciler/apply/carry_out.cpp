#include "reconciler/apply/carry_out.hpp"

#include "reconciler/apply/failures.hpp"

namespace reconciler {

Status carry_out(Run& run, const Action& action) {
  const Instant began = run.tools.clock.now();
  run.tools.events.started(action);
  Output output(run, action);
  auto outcome = attempt(run, action, output);
  const Duration took = run.tools.clock.now() - began;
  if (!outcome) {
    run.tools.events.failed(action, took, outcome.error().message, output.last(10));
    return failed(outcome);
  }
  if (outcome->fate == Fate::succeeded) {
    run.tools.events.finished(action, took, words_of(*outcome));
    return {};
  }
  run.tools.events.failed(action, took, words_of(*outcome), output.last(10));
  return failure(action_failed(run, action, *outcome));
}

}  // namespace reconciler
