// How long to wait before trying again: full jitter, from 1 s doubling to 15 min.
#pragma once

#include <cstdint>
#include <random>

#include "reconciler/base/clock.hpp"

namespace reconciler {

/// Counts failures in a row of one environment. Not thread-safe.
class Backoff {
 public:
  explicit Backoff(std::uint64_t seed) : random_(seed) {}
  /// Somewhere between nothing and min(1 s * 2^failures, 15 min), and one failure more.
  Duration next();
  /// After a success, or when what is wanted has changed.
  void reset() { failures_ = 0; }
  int failures() const { return failures_; }

 private:
  std::mt19937_64 random_;
  int failures_ = 0;
};

}  // namespace reconciler
