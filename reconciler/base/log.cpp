#include "reconciler/base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace reconciler {
namespace {

class Stderr final : public Log {
 public:
  Stderr() : logger_("reconciler", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    logger_.set_pattern("%Y-%m-%dT%H:%M:%S %l %v");
  }
  void info(std::string_view line) override { logger_.info("{}", line); }
  void warn(std::string_view line) override { logger_.warn("{}", line); }

 private:
  spdlog::logger logger_;
};

class Nowhere final : public Log {
 public:
  void info(std::string_view) override {}
  void warn(std::string_view) override {}
};

}  // namespace

std::unique_ptr<Log> log_to_stderr() {
  return std::make_unique<Stderr>();
}
std::unique_ptr<Log> no_log() {
  return std::make_unique<Nowhere>();
}

}  // namespace reconciler
