// One process' life under a simulation: at some crossing of a seam it dies, and from then on every
// seam refuses it.
#pragma once

#include <cstddef>
#include <optional>

#include "reconciler/base/error.hpp"

namespace reconciler::simulation {

/// Seams cross it before and after each effect. Not thread-safe: the simulation has one thread.
class Life {
 public:
  /// False where it died: at this crossing, or before.
  bool cross() {
    if (dead_) return false;
    ++crossings_;
    if (left_ && (*left_)-- == 0) dead_ = true;
    return !dead_;
  }
  bool dead() const { return dead_; }
  /// It dies at the n-th crossing from now on (0: the next).
  void dies_at(size_t n) { left_ = n; }
  /// Another process, which lives until it is told otherwise.
  void begin() {
    crossings_ = 0;
    dead_ = false;
    left_.reset();
  }
  size_t crossings() const { return crossings_; }

 private:
  bool dead_ = false;
  std::optional<size_t> left_;
  size_t crossings_ = 0;
};

inline Error died() {
  return error("simulation.died", "this process is dead, and nothing listens to it any more");
}

}  // namespace reconciler::simulation
