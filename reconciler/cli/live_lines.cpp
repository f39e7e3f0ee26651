#include "reconciler/cli/live_lines.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/base/columns.hpp"

namespace reconciler::cli {
std::string LiveLines::erase(const Page& page) {
  if (shown_.empty()) return "";
  size_t up = 0;
  for (size_t i = 0; i + 1 < shown_.size(); ++i)
    up += std::max<size_t>(1, (columns_of(shown_[i]) + page.width - 1) / page.width);
  shown_.clear();
  return (up > 0 ? fmt::format("\r\x1b[{}A", up) : "\r") + "\x1b[J";
}

std::string LiveLines::show(std::vector<std::string> lines, const Page& page) {
  for (auto& line : lines) line = std::string(cut(line, page.width - 1));
  if (const size_t most = std::max<size_t>(2, page.height) - 1; lines.size() > most) {
    const size_t more = lines.size() - most + 1;
    lines.resize(most - 1);
    lines.push_back(std::string(cut(fmt::format("    and {} more", more), page.width - 1)));
  }
  if (lines == shown_ && width_ == page.width) return "";
  std::string out = erase(page);
  for (size_t i = 0; i + 1 < lines.size(); ++i) out += lines[i] + "\n";
  // The window may be narrower than it was said to be a moment ago: the last line is cut there, not
  // wrapped, so that its beginning is where the cursor goes back to.
  if (!lines.empty()) out += "\x1b[?7l" + lines.back() + "\x1b[?7h\r";
  shown_ = std::move(lines);
  width_ = page.width;
  return out;
}

std::string LiveLines::leave() {
  const bool any = !shown_.empty();
  shown_.clear();
  return any ? "\n" : "";
}

}  // namespace reconciler::cli
