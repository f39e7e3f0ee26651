#include "reconciler/cli/reporter.hpp"

#include <fmt/format.h>

#include "reconciler/base/text.hpp"

namespace reconciler::cli {
namespace {

constexpr size_t title_width = 40;

std::string sign(bool well, const Page& page) {
  std::string text = page.utf8 ? (well ? "✓" : "✗") : (well ? "ok" : "FAILED");
  if (!page.colour) return text;
  return fmt::format("\x1b[{}m{}\x1b[0m", well ? 32 : 31, text);
}

/// So much of UTF-8 text as fits in so many columns of a terminal.
std::string_view cut(std::string_view text, size_t columns) {
  for (size_t at = 0, used = 0; at < text.size(); ++at)
    if ((static_cast<unsigned char>(text[at]) & 0xC0) != 0x80 && used++ == columns)
      return text.substr(0, at);
  return text;
}

bool is_step(const Action& action) {
  return action.work.phase == Phase::release || action.work.phase == Phase::after;
}

}  // namespace

void Reporter::started(const Action& action) {
  const std::lock_guard lock(mutex_);
  told_.erase(&action);  // of another plan, at the same place
  show(action, "");
}

void Reporter::line(const Action& action, std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (page_.terminal) {
    if (!trim(text).empty()) show(action, trim(text));
    return;
  }
  if (!is_step(action)) return;
  told_.insert(&action);
  out_ << "      " << printable(text) << "\n" << std::flush;
}

void Reporter::show(const Action& action, std::string_view text) {
  if (!page_.terminal) return;
  std::string line = fmt::format("  {} {}", page_.utf8 ? "…" : ".", render_line(action));
  if (!text.empty()) line += "   " + printable(text);
  out_ << "\r\x1b[K" << cut(line, page_.width - 1) << std::flush;
  showing_ = true;
}

void Reporter::ended() {
  const std::lock_guard lock(mutex_);
  clear();
  out_ << std::flush;
}

void Reporter::clear() {
  if (showing_) out_ << "\r\x1b[K";
  showing_ = false;
}

void Reporter::write(bool well, const Action& action, Duration took, std::string_view detail) {
  std::string text = fmt::format("  {} {:<{}} {:>7}", sign(well, page_), render_line(action),
                                 title_width, for_people(took));
  if (!detail.empty()) text += fmt::format("   {}", printable(detail, 160));
  clear();
  out_ << text << "\n" << std::flush;
}

void Reporter::finished(const Action& action, Duration took, std::string_view detail) {
  const std::lock_guard lock(mutex_);
  // What was written down is its own detail.
  write(true, action, took, action.work.phase == Phase::record ? "" : detail);
}

void Reporter::failed(const Action& action, Duration took, std::string_view detail,
                      const std::vector<std::string>& last_lines) {
  const std::lock_guard lock(mutex_);
  write(false, action, took, detail);
  if (told_.contains(&action)) return;
  for (const auto& last : last_lines) out_ << "      " << printable(last, 200) << "\n";
  out_ << std::flush;
}

}  // namespace reconciler::cli
