// Ends a wait from another thread.
#pragma once

#include <mutex>
#include <stop_token>

#include "reconciler/base/clock.hpp"

namespace reconciler {

/// Thread-safe; one thread waits.
class Wake {
 public:
  /// The wait under way ends, or where there is none the next one: whoever calls it has told before
  /// what there is to see.
  void operator()();
  /// Until `until`, a wake, or `stop`.
  void wait(Clock& clock, Instant until, const std::stop_token& stop);

 private:
  std::mutex mutex_;
  std::stop_source woken_;
};

}  // namespace reconciler
