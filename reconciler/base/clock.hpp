// Time: a monotonic clock for every wait, a wall clock for showing and nothing else.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>

namespace reconciler {

using Duration = std::chrono::milliseconds;
using Instant = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::seconds>;

/// The seam to time; tests move their own. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  virtual WallTime wall() const = 0;
  /// Waits until `until` or a stop; false when stopped. A simulated clock only jumps.
  virtual bool wait_until(Instant until, std::stop_token stop) = 0;
};

/// The machine's clocks.
class SystemClock final : public Clock {
 public:
  Instant now() const override;
  WallTime wall() const override;
  bool wait_until(Instant until, std::stop_token stop) override;
};

/// A moment on the monotonic clock after which a wait has failed.
class Deadline {
 public:
  Deadline(const Clock& clock, Duration from_now) : until_(clock.now() + from_now) {}
  explicit Deadline(Instant until) : until_(until) {}
  Instant until() const { return until_; }
  bool passed(const Clock& clock) const { return clock.now() >= until_; }
  /// Never negative.
  Duration left(const Clock& clock) const {
    return std::max(Duration::zero(), until_ - clock.now());
  }

 private:
  Instant until_;
};

/// `2026-11-21T10:40:41Z`
std::string to_text(WallTime time);
/// For people, two units at most: `48 s`, `1 min 12 s`, `8 h 21 min`, `6 d`.
std::string for_people(Duration d);

}  // namespace reconciler
