#include "reconciler/cli/columns.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/base/text.hpp"

namespace reconciler::cli {
namespace {

/// Fewer columns than these are none to wrap text in.
constexpr size_t least = 24;
constexpr size_t between = 2;

std::string blanks(size_t n) {
  return std::string(n, ' ');
}

void pad(std::string& line, size_t to) {
  const size_t now = columns_of(line);
  if (now < to) line += blanks(to - now);
}

}  // namespace

size_t columns_of(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string wrapped(std::string_view text, size_t indent, const Page& page) {
  std::string out;
  size_t at = indent;
  for (const auto& word : split(text, ' ')) {
    const size_t width = columns_of(word);
    if (at > indent && at + 1 + width > page.width) {
      out += "\n" + blanks(indent);
      at = indent;
    } else if (at > indent) {
      out += ' ';
      ++at;
    }
    out += word;
    at += width;
  }
  return out;
}

std::string table(const std::vector<std::vector<std::string>>& rows, size_t indent,
                  const Page& page) {
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
        at = indent + 2 * between;
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
  const bool utf8 = page.utf8;
  std::string text = of == Sign::well    ? (utf8 ? "✓" : "ok")
                     : of == Sign::wrong ? (utf8 ? "✗" : "FAILED")
                                         : "!";
  pad(text, sign_width(page));
  if (!page.colour) return text;
  return fmt::format("\x1b[{}m{}\x1b[0m",
                     of == Sign::well    ? 32
                     : of == Sign::wrong ? 31
                                         : 33,
                     text);
}

size_t sign_width(const Page& page) {
  return page.utf8 ? 1 : 6;
}

}  // namespace reconciler::cli
