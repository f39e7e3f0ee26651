#include "reconciler/manifest/env_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "reconciler/base/json.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/manifest/document.hpp"
#include "reconciler/manifest/text_check.hpp"

namespace reconciler {
namespace {

bool blank(char c) {
  return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r';
}

/// Bytes of a space that is not ASCII (next line, no-break space) at the head of `text`, or 0.
size_t wide_blank(std::string_view text) {
  return text.starts_with("\xC2\xA0") || text.starts_with("\xC2\x85") ? 2 : 0;
}

std::string_view without_trailing_blanks(std::string_view text) {
  for (;;) {
    if (!text.empty() && (blank(text.back()) || text.back() == '\n'))
      text.remove_suffix(1);
    else if (text.size() >= 2 && wide_blank(text.substr(text.size() - 2)) != 0)
      text.remove_suffix(2);
    else
      return text;
  }
}

/// What `\0` and these digits stand for, as UTF-8: three octal ones are a character, and anything
/// else loses its 0 (that is what Compose does). How many digits were taken.
size_t append_octal(std::string_view text, std::string& out) {
  size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  int number = 0;
  bool octal = digits == 3;
  for (const char c : text.substr(0, digits)) {
    octal = octal && c < '8';
    number = number * 8 + (c - '0');
  }
  if (!octal || number > 0xFF) {
    out += '\\';
    out += text.substr(0, digits);
  } else if (number < 0x80) {
    out += static_cast<char>(number);
  } else {
    out += static_cast<char>(0xC0 | (number >> 6));
    out += static_cast<char>(0x80 | (number & 0x3F));
  }
  return digits;
}

/// The shell's escapes in double quotes; `\$` becomes `dollar`.
std::string unescape(std::string_view text, std::string_view dollar) {
  static const std::map<char, char> plain{{'a', '\a'}, {'b', '\b'},  {'f', '\f'},
                                          {'n', '\n'}, {'r', '\r'},  {'t', '\t'},
                                          {'v', '\v'}, {'\\', '\\'}, {'"', '"'}};
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[i + 1];
    if (c == '$') {
      out += dollar;
      ++i;
    } else if (const auto found = plain.find(c); found != plain.end()) {
      out += found->second;
      ++i;
    } else if (c == '0') {
      i += 1 + append_octal(text.substr(i + 2, 3), out);
    } else {
      out += '\\';  // what has no meaning stays as it is
    }
  }
  return out;
}

class Parser {
 public:
  Parser(const std::string& called, std::string text, const Lookup& lookup)
      : called_(called), text_(std::move(text)), lookup_(lookup) {}

  Result<std::vector<EnvEntry>> parse() {
    for (;;) {
      skip_between();
      if (at_ >= text_.size()) return std::move(entries_);
      if (auto read = statement(); !read) return failed(read);
    }
  }

 private:
  tl::unexpected<Error> refuse(Error e, int line) const {
    e.place = {called_, line, 1, 1, ""};  // no excerpt: the line may hold the secret
    return failure(std::move(e));
  }

  char here() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  std::string_view rest() const { return std::string_view(text_).substr(at_); }
  void step() {
    if (text_[at_++] == '\n') ++line_;
  }
  void skip_blanks() {
    while (at_ < text_.size() && (blank(here()) || wide_blank(rest()) != 0))
      at_ += blank(here()) ? 1 : 2;
  }

  /// White space, empty lines, comments.
  void skip_between() {
    while (at_ < text_.size()) {
      if (here() == '#') {
        while (at_ < text_.size() && here() != '\n') ++at_;
      } else if (blank(here()) || here() == '\n') {
        step();
      } else {
        return;
      }
    }
  }

  Status statement() {
    const int line = line_;
    if (rest().starts_with("export") && at_ + 6 < text_.size() && blank(text_[at_ + 6])) {
      at_ += 6;
      skip_blanks();
    }
    const size_t from = at_;
    while (at_ < text_.size() && here() != '=' && here() != ':' && here() != '\n') {
      if (!name_character(here()))
        return refuse(error("variables.syntax", "this line has a character that no name has")
                          .next("write NAME=value"),
                      line);
      ++at_;
    }
    std::string name(without_trailing_blanks(std::string_view(text_).substr(from, at_ - from)));
    if (std::ranges::any_of(name, blank))
      return refuse(
          error("variables.syntax", "a name cannot hold a space").next("write NAME=value"), line);
    if (at_ >= text_.size() || here() == '\n') return {};  // inherits, and nothing is inherited
    ++at_;
    if (name.empty())
      return refuse(error("variables.syntax", "this line has no name").next("write NAME=value"),
                    line);
    skip_blanks();
    auto value = here() == '"' || here() == '\'' ? quoted(line) : unquoted();
    if (!value) return refuse(std::move(value.error()), line);
    known_[name] = *value;
    entries_.push_back({std::move(name), Secret(std::move(*value)), line});
    return {};
  }

  static bool name_character(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-' || c == '[' || c == ']' || blank(c) || byte >= 0x80;
  }

  Result<std::string> unquoted() {
    const size_t end = std::min(text_.find('\n', at_), text_.size());
    std::string_view value = std::string_view(text_).substr(at_, end - at_);
    at_ = end;
    value = value.substr(0, std::min(value.find(" #"), value.size()));
    return filled(without_trailing_blanks(value));
  }

  Result<std::string> quoted(int line) {
    const char quote = here();
    step();
    std::string inside;
    for (; at_ < text_.size(); step()) {
      const char c = here();
      if (c == quote) {
        step();
        return quote == '"' ? filled(unescape(inside, lookup_ ? "$$" : "$"))
                            : Result<std::string>(inside);
      }
      if (c == '\\' && at_ + 1 < text_.size()) {
        if (text_[at_ + 1] != quote) inside += c;
        step();
        inside += here();
        continue;
      }
      inside += c;
    }
    line_ = line;
    return failure(error("variables.syntax", "a quote is not closed").next("close it"));
  }

  Result<std::string> filled(std::string_view value) const {
    if (!lookup_) return std::string(value);
    return interpolate(value, [&](const std::string& name) -> std::optional<std::string> {
      if (auto outer = lookup_(name)) return outer;
      const auto found = known_.find(name);
      return found == known_.end() ? std::nullopt : std::optional(found->second);
    });
  }

  const std::string& called_;
  std::string text_;
  const Lookup& lookup_;
  size_t at_ = 0;
  int line_ = 1;
  std::map<std::string, std::string> known_;
  std::vector<EnvEntry> entries_;
};

}  // namespace

Result<std::vector<EnvEntry>> parse_env_file(const std::string& called, std::string_view text,
                                             const Lookup& lookup) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // Compose passes over it too
  if (text.find('\0') != std::string_view::npos)
    return failure(
        error("variables.syntax", "the file holds a NUL character").at(whole_file(called)));
  return Parser(called, std::string(text), lookup).parse();
}

Result<std::vector<EnvEntry>> parse_provided(const std::string& called, std::string_view text) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos ||
      text[text.find_first_not_of(" \t\r\n")] != '{')
    return parse_env_file(called, text, {});
  const auto refuse = [&](std::string message) {
    return failure(error("variables.syntax", std::move(message))
                       .next("have it print one JSON object of texts, or NAME=value lines")
                       .at(whole_file(called)));
  };
  const auto value = parse_json(text);  // its error may quote the text
  const JsonObject* all = value ? value->if_object() : nullptr;
  if (!all) return refuse("what it printed begins like JSON and is none");
  std::vector<EnvEntry> entries;
  for (const auto& [name, one] : *all) {
    if (one.is_object() || one.is_array())
      return refuse(fmt::format("\"{}\" holds no text", printable(name, 60)));
    if (one.is_null()) continue;
    const bool cut = name.find('\0') != std::string_view::npos ||
                     (one.is_string() && one.get_string().find('\0') != std::string_view::npos);
    if (cut) return refuse("a name or a value holds a NUL character");
    std::string words = one.is_string() ? std::string(one.get_string()) : canonical(one);
    entries.push_back({std::string(name), Secret(std::move(words)), 0});
  }
  return entries;
}

}  // namespace reconciler
