// Hears all that passes tell: the way back, and whether a secret is in it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reconciler/apply/events.hpp"
#include "tests/simulation/shown.hpp"
#include "tests/simulation/story.hpp"

namespace reconciler::simulation {

class Listener final : public Events {
 public:
  void started(const Action& action) override { hear(action.title); }
  void line(const Action&, std::string_view text) override { hear(text); }
  void finished(const Action&, Duration, std::string_view detail) override { hear(detail); }
  void failed(const Action&, Duration, std::string_view detail,
              const std::vector<std::string>& last_lines) override {
    hear(detail);
    for (const auto& line : last_lines) hear(line);
  }
  void going_back(const Plan& back) override { shown_.back = back; }
  /// A pass begins, in which nothing was shown so far; its plan is for its caller to put there.
  Shown& begin() { return shown_ = {}; }
  void hear(std::string_view text) {
    if (text.find(canary) != std::string_view::npos) leaked_ = std::string(text);
  }
  /// The last text that held it; empty: none.
  const std::string& leaked() const { return leaked_; }

 private:
  std::string leaked_;
  Shown shown_;
};

}  // namespace reconciler::simulation
