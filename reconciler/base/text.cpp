#include "reconciler/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/base/utf8.hpp"

namespace reconciler {
namespace {

size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i)
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + cost});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[a.size()][b.size()];
}

}  // namespace

std::optional<std::string> nearest(std::string_view wanted,
                                   const std::vector<std::string>& candidates) {
  if (wanted.size() > 64) return std::nullopt;
  const std::string* best = nullptr;
  size_t fewest = std::max<size_t>(1, wanted.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    if (candidate.size() > 64) continue;
    const size_t n = edits(wanted, candidate);
    if (n < fewest) {
      fewest = n;
      best = &candidate;
    }
  }
  return best ? std::optional(*best) : std::nullopt;
}

std::string join(const std::vector<std::string>& items, std::string_view between) {
  return fmt::format("{}", fmt::join(items, between));
}

std::string enumerate(const std::vector<std::string>& items) {
  if (items.size() < 2) return join(items, "");
  const std::vector<std::string> head(items.begin(), items.end() - 1);
  return join(head, ", ") + " and " + items.back();
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> out;
  size_t from = 0;
  for (size_t i = 0; i <= text.size(); ++i)
    if (i == text.size() || text[i] == at) {
      out.emplace_back(text.substr(from, i - from));
      from = i + 1;
    }
  return out;
}

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string count(size_t n, std::string_view one, std::string_view many) {
  if (n == 1) return fmt::format("1 {}", one);
  return many.empty() ? fmt::format("{} {}s", n, one) : fmt::format("{} {}", n, many);
}

Result<std::vector<std::string>> split_command(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '\'') {
      if (c == '\'')
        quote = 0;
      else
        word += c;
    } else if (c == '\\' && i + 1 < text.size()) {
      const char escaped = text[++i];
      if (quote == '"' && escaped != '"' && escaped != '\\' && escaped != '$' && escaped != '`')
        word += '\\';
      word += escaped;
      in_word = true;
    } else if (quote == '"') {
      if (c == '"')
        quote = 0;
      else
        word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t' || c == '\n') {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote)
    return failure(error("command.quoting", fmt::format("a {} is not closed", quote))
                       .next("close it, or write the command as a list"));
  if (in_word) words.push_back(std::move(word));
  return words;
}

namespace {

/// Of a terminal's own language, or of what turns text round: a control character of one byte or of
/// two (U+0080 to U+009F), a mark of direction (U+200E, U+200F, U+202A to U+202E, U+2066 to
/// U+2069).
bool is_control(std::string_view character) {
  const auto byte = [&](size_t n) { return static_cast<unsigned char>(character[n]); };
  if (character.size() == 1) return byte(0) < 0x20 || byte(0) == 0x7f;
  if (character.size() == 2) return byte(0) == 0xc2 && byte(1) < 0xa0;
  if (character.size() != 3 || byte(0) != 0xe2) return false;
  if (byte(1) == 0x80)
    return byte(2) == 0x8e || byte(2) == 0x8f || (byte(2) >= 0xaa && byte(2) <= 0xae);
  return byte(1) == 0x81 && byte(2) >= 0xa6 && byte(2) <= 0xa9;
}

}  // namespace

std::string printable(std::string_view text, size_t most) {
  std::string out;
  size_t at = 0;
  while (at < text.size()) {
    const size_t length = std::max<size_t>(utf8_length_at(text, at), 1);
    if (at + length > most) break;
    const auto character = text.substr(at, length);
    if (character == "\t")
      out += ' ';
    else if (!is_utf8(character) || is_control(character))
      out += '?';
    else
      out += character;
    at += length;
  }
  if (at < text.size()) out += cut_mark;
  return out;
}

}  // namespace reconciler
