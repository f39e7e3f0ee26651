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

}  // namespace

void Reporter::started(const Action&) {}

void Reporter::line(const Action&, std::string_view) {}

void Reporter::write(bool well, const Action& action, Duration took, std::string_view detail) {
  std::string text = fmt::format("  {} {:<{}} {:>7}", sign(well, page_), render_line(action),
                                 title_width, for_people(took));
  if (!detail.empty()) text += fmt::format("   {}", printable(detail, 160));
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
  for (const auto& last : last_lines) out_ << "      " << printable(last, 200) << "\n";
  out_ << std::flush;
}

}  // namespace reconciler::cli
