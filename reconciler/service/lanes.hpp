// Threads on which reconciliations run beside each other, each with drivers of its own: one driver
// serves one call at a time.
#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include "reconciler/driver/registry.hpp"

namespace reconciler {

/// Made when they are needed, the first idle one first, so that what its drivers keep is kept once.
/// begin() is for one thread.
class Lanes {
 public:
  using MakeDrivers = std::function<Result<std::unique_ptr<Drivers>>()>;
  using Work = std::function<void(const Drivers&)>;
  struct Limits {
    size_t kept = 1;   ///< that stay when they have nothing to do
    size_t most = 16;  ///< at a time
  };
  /// `idle` is called each time a lane has ended its work and may be given other.
  Lanes(MakeDrivers make, Limits limits, std::function<void()> idle)
      : make_(std::move(make)), limits_(limits), idle_(std::move(idle)) {}
  /// Waits until all work has ended.
  ~Lanes();
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;

  /// Whether one more can be begun.
  bool free() const;
  /// Has `work` done in a lane. What making its drivers says, or `lane.none` where all are busy or
  /// the system gives no thread.
  Status begin(Work work);
  /// Waits until no work is under way.
  void quiet();

 private:
  struct Lane {
    std::unique_ptr<Drivers> drivers;
    Work work;          // empty: idle
    bool over = false;  // its thread ends, or has ended
    std::jthread thread;
  };
  void run(Lane& lane);
  size_t working() const;
  void forget_ended();

  const MakeDrivers make_;
  const Limits limits_;
  const std::function<void()> idle_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Lane> lanes_;
  bool ending_ = false;
};

}  // namespace reconciler
