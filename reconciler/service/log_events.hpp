// Apply's events as log lines of one environment.
#pragma once

#include "reconciler/apply/events.hpp"
#include "reconciler/base/log.hpp"
#include "reconciler/model/names.hpp"

namespace reconciler {

/// One line an action when it ends, what a failing one said last below it. What a task says
/// meanwhile is in the run's own log (`history --log`).
class LogEvents final : public Events {
 public:
  LogEvents(Log& log, const EnvironmentId& id) : log_(log), environment_(id.text()) {}
  void started(const Action&) override {}
  void line(const Action&, std::string_view) override {}
  void finished(const Action& action, Duration took, std::string_view detail) override;
  void failed(const Action& action, Duration took, std::string_view detail,
              const std::vector<std::string>& last_lines) override;
  void going_back(const Plan& back) override;

 private:
  Log& log_;
  std::string environment_;
};

}  // namespace reconciler
