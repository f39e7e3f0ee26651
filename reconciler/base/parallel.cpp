#include "reconciler/base/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace reconciler {

Status in_parallel(size_t lanes, size_t n, const std::function<Status(size_t)>& work) {
  std::atomic<size_t> next{0};
  std::mutex mutex;
  Status outcome;
  const auto lane = [&] {
    for (size_t i = next++; i < n; i = next++) {
      auto done = work(i);
      if (done) continue;
      const std::lock_guard lock(mutex);
      if (outcome) outcome = std::move(done);
      next = n;
    }
  };
  {
    std::vector<std::jthread> others;
    try {
      for (size_t t = 1; t < std::min(lanes, n); ++t) others.emplace_back(lane);
    } catch (const std::system_error&) {
      // No more threads: those that there are do all of it.
    }
    lane();
  }
  return outcome;
}

void compute_in_parallel(size_t n, const std::function<void(size_t)>& work) {
  const auto done = in_parallel(std::clamp(std::thread::hardware_concurrency(), 1U, 8U), n,
                                [&](size_t i) -> Status {
                                  work(i);
                                  return {};
                                });
  static_cast<void>(done);  // nothing in it fails
}

}  // namespace reconciler
