#include "reconciler/cli/columns.hpp"

#include <algorithm>

namespace reconciler::cli {
namespace {

/// Fewer columns than these are none to wrap text in.
constexpr size_t least = 24;
constexpr size_t below = 4;  // what stands below is indented by

std::string blanks(size_t n) {
  return std::string(n, ' ');
}

void pad(std::string& line, size_t to) {
  line = padded(std::move(line), to);
}

std::string_view sign_text(Sign sign, bool utf8) {
  switch (sign) {
    case Sign::well:
      return utf8 ? "✓" : "ok";
    case Sign::wrong:
      return utf8 ? "✗" : "FAILED";
    case Sign::under_way:
      return utf8 ? "…" : "...";
    case Sign::watch:
      break;
  }
  return "!";
}

}  // namespace

std::string wrapped(std::string_view text, size_t indent, const Page& page) {
  return reconciler::wrapped(text, indent, page.width);
}

std::string sentence(std::string_view text, size_t indent, const Page& page) {
  return page.terminal ? wrapped(text, indent, page) : std::string(text);
}

std::string table(const std::vector<std::vector<std::string>>& rows, size_t indent,
                  const Page& page, size_t between) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    // The last cell of a row needs no room for another one beside it.
    for (size_t i = 0; i + 1 < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line = blanks(indent);
    size_t at = indent;
    for (size_t i = 0; i < row.size(); ++i) {
      pad(line, at);
      if (i + 1 < row.size()) {
        line += row[i];
        at += widths[i] + between;
        continue;
      }
      const bool fits = at + columns_of(row[i]) <= page.width;
      if (!fits && i > 0 && at + least > page.width) {
        while (line.ends_with(' ')) line.pop_back();
        at = indent + below;
        line += "\n" + blanks(at);
      }
      line += wrapped(row[i], at, page);
    }
    while (line.ends_with(' ')) line.pop_back();
    out += line + "\n";
  }
  return out;
}

std::string sign(Sign of, const Page& page) {
  const std::string text = padded(std::string(sign_text(of, page.utf8)), sign_width(page));
  const char as = of == Sign::well ? '+' : of == Sign::wrong ? '-' : of == Sign::watch ? '!' : ' ';
  return painted(text, as, page);
}

size_t sign_width(const Page& page) {
  return page.utf8 ? 1 : 6;
}

}  // namespace reconciler::cli
