#include "reconciler/apply/carry_out.hpp"

#include "reconciler/apply/failures.hpp"
#include "reconciler/apply/sight.hpp"

namespace reconciler {

Status carry_out(Run& run, const Action& action) {
  const Instant began = run.tools.clock.now();
  run.tools.events.started(action);
  Output output(run, action);
  auto outcome = attempt(run, action, output);
  const Duration took = run.tools.clock.now() - began;
  if (!outcome) {
    Error why = std::move(outcome.error());
    run.tools.events.failed(action, took, why.message, output.last(10));
    const bool changes = run.phase == Phase::start || run.phase == Phase::change;
    if (changes && !run.stop.stop_requested() && sends_back(run.phase, true, why))
      if (auto none = others_took_away(run))
        return failure(std::move(*none).with("found", why.message));
    return failure(std::move(why));
  }
  if (outcome->fate == Fate::succeeded) {
    run.tools.events.finished(action, took, words_of(*outcome));
    return {};
  }
  run.tools.events.failed(action, took, words_of(*outcome), output.last(10));
  // Once-only work ended as its driver says; supply runs on several threads, and touches nothing.
  if (outcome->fate == Fate::failed && action.work.effect != Effect::once &&
      action.work.phase != Phase::supply)
    if (auto why = out_of_sight(run)) return failure(std::move(*why));
  return failure(action_failed(run, action, *outcome));
}

}  // namespace reconciler
