// Apply's events as lines for people: `✓ build    portfolio-backend:v1.2.3   48 s`.
#pragma once

#include <mutex>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "reconciler/apply/events.hpp"
#include "reconciler/plan/render.hpp"

namespace reconciler::cli {

/// One line an action when it is done; lines of failing ones below it. On a terminal the last line
/// shows what is being done and the newest thing that it said; elsewhere what a release says comes
/// line by line.
class Reporter final : public Events {
 public:
  Reporter(std::ostream& out, Page page) : out_(out), page_(page) {}
  void started(const Action& action) override;
  void line(const Action& action, std::string_view text) override;
  void finished(const Action& action, Duration took, std::string_view detail) override;
  void failed(const Action& action, Duration took, std::string_view detail,
              const std::vector<std::string>& last_lines) override;

  /// Nothing follows: the line that is written over is taken away.
  void ended();

 private:
  void write(bool well, const Action& action, Duration took, std::string_view detail);
  /// On a terminal: the line that is written over.
  void show(const Action& action, std::string_view text);
  void clear();

  std::ostream& out_;
  Page page_;
  std::mutex mutex_;
  bool showing_ = false;
  std::set<const Action*> told_;  ///< whose lines were shown as they came
};

}  // namespace reconciler::cli
