// Apply's events for programs: one JSON object a line, each with `event` and `environment`.
#pragma once

#include <mutex>
#include <ostream>

#include "reconciler/apply/events.hpp"
#include "reconciler/reconcile.hpp"

namespace reconciler::cli {

/// `plan` (the plan's document), `started`, `line`, `finished`, `failed` (of an action, by `key`;
/// times in ms), `going_back` (from what failed, with `to` and that plan) and `ended` (exit,
/// changed, declined; with the plan that was not performed). Thread-safe; each line is written
/// whole and at once.
class JsonEvents final : public Events {
 public:
  JsonEvents(std::ostream& out, const EnvironmentId& id) : out_(out), environment_(id.text()) {}
  /// What is about to be performed.
  void plan(const Plan& plan);
  void ended(const Reconciled& done, int exit);

  void started(const Action& action) override;
  void line(const Action& action, std::string_view text) override;
  void finished(const Action& action, Duration took, std::string_view detail) override;
  void failed(const Action& action, Duration took, std::string_view detail,
              const std::vector<std::string>& last_lines) override;
  void going_back(const Plan& back) override;

 private:
  void write(std::string_view event, JsonObject more);
  JsonObject about(const Action& action) const;

  std::ostream& out_;
  const std::string environment_;
  std::mutex mutex_;
};

}  // namespace reconciler::cli
