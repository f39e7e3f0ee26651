#include "reconciler/cli/reporter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "reconciler/base/text.hpp"
#include "reconciler/cli/columns.hpp"

namespace reconciler::cli {
namespace {

constexpr size_t what_width = 40;
constexpr size_t took_width = 7;
constexpr size_t kind_width = 9;    // of render_line, the blank after it included
constexpr size_t least_words = 32;  // fewer columns than these are none to wrap text in
constexpr size_t narrow = 80;
/// A task that says a thousand lines a second is drawn ten times.
constexpr Duration between_drawings{100};

bool is_step(const Action& action) {
  return action.work.phase == Phase::release || action.work.phase == Phase::after;
}

bool is_check(const Action& action) {
  return action.work.phase == Phase::verify;
}

std::string right(const std::string& text, size_t columns) {
  return std::string(columns - std::min(columns, columns_of(text)), ' ') + text;
}

}  // namespace

std::string result_line(bool well, std::string_view what, std::optional<Duration> took,
                        std::string_view detail, const Page& page) {
  const size_t begin = 2 + sign_width(page) + 1;
  const size_t title = begin + kind_width;
  const std::string time = took ? right(for_people(*took), took_width) : "";
  std::string out = fmt::format("  {} {}", sign(well ? Sign::well : Sign::wrong, page),
                                what.substr(0, kind_width));
  if (what.size() > kind_width) {
    // Room for the time beside it, unless there is hardly any.
    const size_t room = !page.terminal                     ? std::string::npos
                        : page.width > title + least_words ? page.width - 1 - columns_of(time)
                                                           : page.width;
    out += reconciler::wrapped(what.substr(kind_width), title, room, ", ");
  }
  if (!took && detail.empty()) return out + "\n";
  const auto last = [&] { return columns_of(std::string_view(out).substr(out.rfind('\n') + 1)); };
  if (const size_t at = last(); at < begin + what_width) out.append(begin + what_width - at, ' ');
  out += " " + time;
  if (detail.empty()) return out + "\n";
  size_t at = last() + 3;
  if (page.terminal && at + columns_of(detail) > page.width && at + least_words > page.width) {
    at = title + 2;
    out += "\n" + std::string(at, ' ');
  } else {
    out += "   ";
  }
  return out + sentence(detail, at, page) + "\n";
}

/// On the way back a switch has a name of its own, as it has for people.
std::string Reporter::what_of(const Action& action) const {
  if (back_to_.empty() || action.work.verb != "switch") return render_line(action);
  Action back = action;
  back.work.verb = "rollback";
  back.title += " -> " + back_to_;
  return render_line(back);
}

Reporter::Row* Reporter::row_of(const Action& action) {
  const auto found = std::ranges::find_if(rows_, [&](const Row& row) {
    return is_check(action) ? row.phase == Phase::verify : row.action == &action;
  });
  return found == rows_.end() ? nullptr : &*found;
}

void Reporter::add(const Action& action) {
  Row* row = row_of(action);
  if (!row) {
    rows_.push_back({&action, action.work.phase, "", 0, clock_.now(), ""});
    row = &rows_.back();
  }
  ++row->checks;
  row->what = what_of(action);
  if (is_check(action) && row->checks > 1)
    row->what = row->what.substr(0, kind_width) + count(row->checks, "check");
  if (is_check(action)) return;
  row->began = clock_.now();  // of another plan, at the same place
  row->said.clear();
}

void Reporter::take_away(const Action& action) {
  if (const Row* row = row_of(action)) rows_.erase(rows_.begin() + (row - rows_.data()));
}

void Reporter::started(const Action& action) {
  const std::lock_guard lock(mutex_);
  told_.erase(&action);
  const Page page = page_();
  const std::string before = told_together(page, &action);
  if (!before.empty()) out_ << live_.erase(page) << before;
  add(action);
  out_ << draw(page) << std::flush;
  something_.notify_all();
}

void Reporter::line(const Action& action, std::string_view text) {
  const std::lock_guard lock(mutex_);
  const Page page = page_();
  if (page.terminal) {
    if (trim(text).empty()) return;
    if (!row_of(action)) add(action);
    row_of(action)->said = printable(trim(text));
    if (clock_.now() - drawn_at_ >= between_drawings) out_ << draw(page) << std::flush;
    return;
  }
  if (!is_step(action)) return;
  told_.insert(&action);
  out_ << "      " << printable(text) << "\n" << std::flush;
}

/// The time it takes is seen whatever else has to be cut.
std::string Reporter::drawn(const Row& row, const Page& page) const {
  const std::string time = for_people(clock_.now() - row.began);
  const std::string lead = fmt::format("  {} ", sign(Sign::under_way, page));
  const size_t room = page.width - std::min(page.width, columns_of(lead) + columns_of(time) + 3);
  std::string line = lead;
  if (page.width < narrow)
    line += fmt::format("{}  {}", cut(row.what, room), time);
  else
    line += fmt::format("{} {}", padded(std::string(cut(row.what, room)), what_width),
                        right(time, took_width));
  if (!row.said.empty()) line += "   " + (page.utf8 ? row.said : ascii(row.said));
  return line;
}

std::string Reporter::draw(const Page& page) {
  if (!page.terminal) return "";
  std::vector<std::string> lines;
  for (const auto& row : rows_) lines.push_back(drawn(row, page));
  drawn_at_ = clock_.now();
  return live_.show(std::move(lines), page);
}

void Reporter::redraw() {
  const std::lock_guard lock(mutex_);
  out_ << draw(page_()) << std::flush;
}

void Reporter::redraw_below() {
  const std::lock_guard lock(mutex_);
  live_.forget();
  out_ << draw(page_()) << std::flush;
}

bool Reporter::wait_for_something(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  return something_.wait(lock, stop, [this] { return !rows_.empty(); });
}

std::string Reporter::under_way() const {
  std::vector<std::string> all;
  for (const auto& row : rows_)
    all.push_back(fmt::format("{} {}", trim(std::string_view(row.what).substr(0, kind_width)),
                              std::string_view(row.what).substr(kind_width)));
  return enumerate(all);
}

void Reporter::stopping(std::ostream& to) {
  const std::lock_guard lock(mutex_);
  const Page page = page_();
  out_ << live_.erase(page) << told_together(page) << std::flush;
  const std::string waits = rows_.empty() ? "" : fmt::format(": waits for {}", under_way());
  to << wrapped(fmt::format("stopping at the next safe point{}; once more ends at once", waits), 0,
                page)
     << "\n"
     << std::flush;
  out_ << draw(page) << std::flush;
}

void Reporter::ending(std::ostream& to) {
  const std::lock_guard lock(mutex_);
  const Page page = page_();
  out_ << live_.erase(page) << told_together(page) << std::flush;
  const std::string what = rows_.empty() ? "" : fmt::format(", in the midst of {}", under_way());
  to << wrapped(fmt::format("ended at once{}; what is left of it: reconciler status", what), 0,
                page)
     << "\n"
     << std::flush;
}

void Reporter::ended() {
  const std::lock_guard lock(mutex_);
  const Page page = page_();
  rows_.clear();
  back_to_.clear();
  out_ << live_.erase(page) << told_together(page);
  if (std::exchange(failed_, false)) out_ << "\n";  // why it failed follows
  out_ << std::flush;
}

void Reporter::going_back(const Plan& back) {
  const std::lock_guard lock(mutex_);
  back_to_ = back.to;
}

std::string Reporter::told_together(const Page& page, const Action* next) {
  if (together_.empty() || (next && together_.takes(*next))) return "";
  const auto [what, took] = together_.take();
  return result_line(true, what, took, "", page);
}

void Reporter::write(bool well, const Action& action, Duration took, std::string_view detail,
                     const std::vector<std::string>& below) {
  const Page page = page_();
  take_away(action);
  std::string text = live_.erase(page) + told_together(page) +
                     result_line(well, what_of(action), took, printable(detail, 160), page);
  for (const auto& one : below) text += "      " + printable(one, 200) + "\n";
  out_ << text << draw(page) << std::flush;
}

void Reporter::finished(const Action& action, Duration took, std::string_view detail) {
  const std::lock_guard lock(mutex_);
  if (Together::may_take(action, detail)) {
    const Page page = page_();
    take_away(action);
    const std::string before = told_together(page, &action);
    together_.add(action, took);
    out_ << live_.erase(page) << before << draw(page) << std::flush;
    return;
  }
  if (!back_to_.empty() && is_step(action))
    return write(true, action, took,
                 fmt::format("{}'s again{}{}", back_to_, detail.empty() ? "" : ": ", detail), {});
  write(true, action, took, detail, {});
}

void Reporter::failed(const Action& action, Duration took, std::string_view detail,
                      const std::vector<std::string>& last_lines) {
  const std::lock_guard lock(mutex_);
  failed_ = true;
  write(false, action, took, detail,
        told_.contains(&action) ? std::vector<std::string>{} : last_lines);
}

}  // namespace reconciler::cli
