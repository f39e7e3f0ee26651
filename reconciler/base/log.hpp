// The log: one line an event on standard error, spdlog underneath. Output for people is not a log.
#pragma once

#include <memory>
#include <string_view>

namespace reconciler {

/// Where events go. Pass it along; there is no global one.
class Log {
 public:
  virtual ~Log() = default;
  virtual void info(std::string_view line) = 0;
  virtual void warn(std::string_view line) = 0;
};

/// Standard error with a time and a level.
std::unique_ptr<Log> log_to_stderr();
/// Nowhere.
std::unique_ptr<Log> no_log();

}  // namespace reconciler
