#include "reconciler/apply/supply.hpp"

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>

#include "reconciler/apply/failures.hpp"

namespace reconciler {

Status supply(Run& run, const std::vector<const Action*>& actions) {
  std::atomic<size_t> next{0};
  std::mutex mutex;
  std::optional<Error> first;
  const auto fail = [&](Error why) {
    const std::lock_guard lock(mutex);
    if (!first) first = std::move(why);
  };
  const auto work = [&] {
    for (;;) {
      {
        const std::lock_guard lock(mutex);
        if (first) return;
      }
      if (run.stop.stop_requested()) return;
      const size_t i = next++;
      if (i >= actions.size()) return;
      const Action& action = *actions[i];
      const Instant began = run.tools.clock.now();
      run.tools.events.started(action);
      Output output(run, action);
      auto outcome = attempt(run, action, output);
      const Duration took = run.tools.clock.now() - began;
      if (!outcome) {
        run.tools.events.failed(action, took, outcome.error().message, output.last(10));
        fail(std::move(outcome.error()));
      } else if (outcome->fate != Fate::succeeded) {
        run.tools.events.failed(action, took, words_of(*outcome), output.last(10));
        fail(action_failed(run, action, *outcome));
      } else {
        run.tools.events.finished(action, took, words_of(*outcome));
      }
    }
  };
  const size_t lanes =
      std::min<size_t>(actions.size(), static_cast<size_t>(std::max(1, run.desired.parallel)));
  if (lanes <= 1) {
    work();
  } else {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < lanes; ++i) threads.emplace_back(work);
  }
  if (first) return failure(std::move(*first));
  return {};
}

}  // namespace reconciler
