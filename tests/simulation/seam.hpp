// What one process calls its drivers through. There it dies, others do things meanwhile, and the
// Engine is away.
#pragma once

#include <functional>

#include "tests/simulation/life.hpp"
#include "tests/simulation/process.hpp"

namespace reconciler::simulation {

/// Not thread-safe: a simulated process has one thread. The life is not owned.
class Seam {
 public:
  explicit Seam(Life& life) : life_(life) {}

  /// Puts itself before those drivers; it outlives what it is put before. Before each call a dead
  /// process comes to nothing, and one that dies at an effect does not hear how it went.
  Equip before(Equip equip);
  /// Of the process that calls through it.
  Life& life() { return life_; }
  /// Before each call.
  std::function<void()> at_call = [] {};
  /// The Engine does not answer the next calls. `heard`: whether it does all the same what it is
  /// asked then, and the answer alone is lost.
  void away(size_t calls, std::function<bool()> heard) {
    away_ = calls;
    heard_ = std::move(heard);
  }
  size_t lost() const { return lost_; }

 private:
  class Before;
  /// It is not there for this call.
  bool is_away();

  Life& life_;
  size_t away_ = 0;
  size_t lost_ = 0;  ///< calls that it did not answer
  std::function<bool()> heard_;
};

}  // namespace reconciler::simulation
