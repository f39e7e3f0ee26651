#include "reconciler/base/clock.hpp"

#include <fmt/format.h>

#include <condition_variable>
#include <ctime>
#include <mutex>

namespace reconciler {

using namespace std::chrono;

Instant SystemClock::now() const {
  return time_point_cast<Duration>(steady_clock::now());
}
WallTime SystemClock::wall() const {
  return time_point_cast<seconds>(system_clock::now());
}

bool SystemClock::wait_until(Instant until, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any waiting;
  std::unique_lock lock(mutex);
  waiting.wait_until(lock, stop, until, [] { return false; });
  return !stop.stop_requested();
}

std::string to_text(WallTime time) {
  const std::time_t seconds_since = system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds_since, &parts);
  char text[32];
  const size_t n = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text, n};
}

std::string for_people(Duration d) {
  const auto s = duration_cast<seconds>(d).count();
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600)
    return s % 60 ? fmt::format("{} min {} s", s / 60, s % 60) : fmt::format("{} min", s / 60);
  if (s < 48 * 3600) {
    const auto minutes_over = s % 3600 / 60;
    return minutes_over ? fmt::format("{} h {} min", s / 3600, minutes_over)
                        : fmt::format("{} h", s / 3600);
  }
  return fmt::format("{} d", s / 86400);
}

}  // namespace reconciler
