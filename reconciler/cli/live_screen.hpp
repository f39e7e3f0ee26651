// An apply as the terminal shows it while it lasts.
#pragma once

#include <chrono>
#include <iostream>
#include <thread>

#include "reconciler/cli/context.hpp"
#include "reconciler/cli/reporter.hpp"
#include "reconciler/cli/signals.hpp"

namespace reconciler::cli {

/// A Reporter that is drawn anew as time passes and the terminal is resized, and says what a signal
/// does. In a pipe it writes what is done, and nothing else.
class LiveScreen final : public Screen {
 public:
  explicit LiveScreen(Context& context, std::ostream& out = std::cout);
  ~LiveScreen() override;
  LiveScreen(const LiveScreen&) = delete;
  LiveScreen& operator=(const LiveScreen&) = delete;

  Events& events() { return reporter_; }
  /// Nothing follows: what is under way is taken away.
  void ended() { reporter_.ended(); }

  void stopping() override { reporter_.stopping(std::cerr); }
  void ending() override { reporter_.ending(std::cerr); }
  void resized() override { reporter_.redraw(); }
  void continued() override { reporter_.redraw_below(); }

 private:
  Reporter reporter_;
  OnScreen& on_screen_;
  Screen* before_ = nullptr;
  std::jthread ticking_;  ///< on a terminal
};

}  // namespace reconciler::cli
