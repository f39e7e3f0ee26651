#include "reconciler/cli/live_screen.hpp"

namespace reconciler::cli {
namespace {

/// What was said since is shown so soon, and the seconds change in step.
constexpr Duration between{250};

}  // namespace

LiveScreen::LiveScreen(Context& context, std::ostream& out)
    : reporter_(out, context.clock(), [&context] { return context.page(); }),
      on_screen_(context.on_screen()) {
  before_ = on_screen_.put(this);
  if (!context.page().terminal) return;
  ticking_ = std::jthread([this, &clock = context.clock()](const std::stop_token& stop) {
    while (reporter_.wait_for_something(stop) && clock.wait_until(clock.now() + between, stop))
      reporter_.redraw();
  });
}

LiveScreen::~LiveScreen() {
  on_screen_.put(before_);
}

}  // namespace reconciler::cli
