// Apply's events as lines for people: `✓ build    portfolio-backend:v1.2.3   48 s`.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <ostream>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "reconciler/apply/events.hpp"
#include "reconciler/cli/live_lines.hpp"
#include "reconciler/cli/together.hpp"
#include "reconciler/plan/render.hpp"

namespace reconciler::cli {

/// What came of an action: sign, kind, title, how long it took where that is worth a word, and a
/// few words on it, wrapped under themselves where the page is narrow. `what` is
/// render_line(Action).
std::string result_line(bool well, std::string_view what, std::optional<Duration> took,
                        std::string_view detail, const Page& page);

/// One line an action when it is done, but one for all that was recorded and one for what was
/// pruned; lines of failing ones below it. On a terminal each that is under way has a line at the
/// end, written over: how long it takes, and the newest thing that it said. Elsewhere what a
/// release says comes line by line. Thread-safe.
class Reporter final : public Events {
 public:
  using PageNow = std::function<Page()>;

  /// `page` is asked each time something is drawn.
  Reporter(std::ostream& out, const Clock& clock, PageNow page)
      : out_(out), clock_(clock), page_(std::move(page)) {}
  void started(const Action& action) override;
  void line(const Action& action, std::string_view text) override;
  void finished(const Action& action, Duration took, std::string_view detail) override;
  void failed(const Action& action, Duration took, std::string_view detail,
              const std::vector<std::string>& last_lines) override;
  void going_back(const Plan& back) override;

  /// Draws what is under way as it is now; writes nothing where that is on the terminal already.
  void redraw();
  /// The same where the cursor is: others wrote there.
  void redraw_below();
  /// Waits until something is under way; false when stopped.
  bool wait_for_something(const std::stop_token& stop);
  /// Says into `to` that it ends at the next safe point, and what that waits for.
  void stopping(std::ostream& to);
  /// Says into `to` what is cut off now.
  void ending(std::ostream& to);
  /// Nothing follows: what is under way is taken away.
  void ended();

 private:
  /// An action under way; the checks of a verify are one.
  struct Row {
    const Action* action;
    Phase phase;
    std::string what;
    size_t checks;
    Instant began;
    std::string said;
  };

  std::string what_of(const Action& action) const;
  Row* row_of(const Action& action);
  void add(const Action& action);
  void take_away(const Action& action);
  std::string drawn(const Row& row, const Page& page) const;
  std::string draw(const Page& page);
  void write(bool well, const Action& action, Duration took, std::string_view detail,
             const std::vector<std::string>& below);
  /// The line of all that is told together, which `next` is not told with.
  std::string told_together(const Page& page, const Action* next = nullptr);
  std::string under_way() const;

  std::ostream& out_;
  const Clock& clock_;
  PageNow page_;
  std::mutex mutex_;
  std::condition_variable_any something_;
  std::vector<Row> rows_;
  LiveLines live_;
  Instant drawn_at_{};
  std::set<const Action*> told_;  ///< whose lines were shown as they came
  Together together_;
  bool failed_ = false;  ///< an action of those since nothing was under way
  std::string back_to_;  ///< while it is gone back from what failed
};

}  // namespace reconciler::cli
