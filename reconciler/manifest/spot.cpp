#include "reconciler/manifest/spot.hpp"

#include <algorithm>

#include "reconciler/manifest/text_check.hpp"

namespace reconciler {
namespace {

constexpr size_t longest_excerpt = 200;

}  // namespace

Place Spot::place() const {
  Place out;
  if (text) out.file = text->file;
  out.line = line;
  out.column = column;
  out.width = width;
  const auto index = static_cast<size_t>(std::max(line, 1)) - 1;
  if (text && line > 0 && index < text->lines.size() &&
      text->lines[index].size() <= longest_excerpt)
    out.source = text->lines[index];
  return out;
}

int scalar_width(std::string_view line, size_t at, std::string_view text) {
  if (at >= line.size()) return 1;
  const char quote = line[at];
  if (quote == '"' || quote == '\'') {
    for (size_t i = at + 1; i < line.size(); ++i) {
      if (quote == '"' && line[i] == '\\')
        ++i;
      else if (line[i] == quote)
        return characters(line.substr(at, i + 1 - at));
    }
    return characters(line.substr(at));
  }
  if (!text.empty() && line.substr(at).starts_with(text)) return characters(text);
  return 1;
}

Spot open_quote(const Spot& from) {
  const auto& lines = from.text->lines;
  char quote = 0;
  size_t line = 0;
  size_t at = 0;
  for (auto l = static_cast<size_t>(std::max(from.line, 1)) - 1; l < lines.size(); ++l) {
    char before = ' ';
    for (size_t i = 0; i < lines[l].size(); ++i) {
      const char c = lines[l][i];
      if (quote == '"' && c == '\\') {
        ++i;
      } else if (quote != 0) {
        if (c == quote) quote = 0;
      } else if (c == '#' && before == ' ') {
        break;
      } else if ((c == '"' || c == '\'') &&
                 std::string_view(" \t[{,").find(before) != std::string_view::npos) {
        quote = c;
        line = l;
        at = i;
      }
      before = c;
    }
  }
  if (quote == 0) return from;
  const std::string_view text = lines[line];
  return {from.text, static_cast<int>(line) + 1, characters(text.substr(0, at)) + 1,
          characters(text.substr(at))};
}

}  // namespace reconciler
