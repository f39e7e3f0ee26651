#include "reconciler/manifest/interpolation.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace reconciler {
namespace {

constexpr int deepest_braces = 20;

bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool in_name(char c) {
  return begins_name(c) || (c >= '0' && c <= '9');
}

std::string_view name_at(std::string_view text, size_t at) {
  size_t end = at;
  if (end < text.size() && begins_name(text[end]))
    while (end < text.size() && in_name(text[end])) ++end;
  return text.substr(at, end - at);
}

/// Where the brace that was opened before `at` closes; npos when it does not.
size_t closing_brace(std::string_view text, size_t at) {
  int open = 1;
  for (size_t i = at; i < text.size(); ++i) {
    if (text[i] == '}' && --open == 0) return i;
    if (text.substr(i).starts_with("${")) {
      ++open;
      ++i;
    }
  }
  return std::string_view::npos;
}

class Interpolation {
 public:
  explicit Interpolation(const Lookup& lookup) : lookup_(lookup) {}

  Result<std::string> fill(std::string_view text, int depth) {
    if (depth > deepest_braces) return failure(error("variables.syntax", "${ } stand too deep"));
    std::string out;
    for (size_t i = 0; i < text.size();) {
      if (text[i] != '$') {
        out += text[i++];
        continue;
      }
      const char after = i + 1 < text.size() ? text[i + 1] : '\0';
      if (after == '$') {
        out += '$';
        i += 2;
      } else if (after == '{') {
        const size_t end = closing_brace(text, i + 2);
        if (end == std::string_view::npos)
          return failure(error("variables.syntax", "a ${ is not closed"));
        auto value = braced(text.substr(i + 2, end - i - 2), depth);
        if (!value) return value;
        out += *value;
        i = end + 1;
      } else if (const auto name = name_at(text, i + 1); !name.empty()) {
        out += lookup_(std::string(name)).value_or("");
        i += 1 + name.size();
      } else {
        out += text[i++];  // a $ that names nothing stays
      }
      if (out.size() > largest_value)
        return failure(error("variables.too_large",
                             fmt::format("a value has more than {} bytes", largest_value)));
    }
    return out;
  }

 private:
  Result<std::string> braced(std::string_view inside, int depth) {
    const auto name = name_at(inside, 0);
    if (name.empty()) return failure(error("variables.syntax", "a ${ } holds no name"));
    const auto value = lookup_(std::string(name));
    std::string_view rest = inside.substr(name.size());
    if (rest.empty()) return value.value_or("");
    const bool empty_too = rest.starts_with(':');
    if (empty_too) rest.remove_prefix(1);
    const bool usable = value && !(empty_too && value->empty());
    const char how = rest.empty() ? '\0' : rest.front();
    if (how != '-' && how != '?' && how != '+')
      return failure(
          error("variables.syntax", fmt::format("${{{}...}} is no form of a variable", name)));
    rest.remove_prefix(1);
    if (how == '+') return usable ? fill(rest, depth + 1) : Result<std::string>("");
    if (usable) return *value;
    if (how == '-') return fill(rest, depth + 1);
    return failure(error("variables.required", fmt::format("{} must be set", name)));
  }

  const Lookup& lookup_;
};

}  // namespace

Result<std::string> interpolate(std::string_view text, const Lookup& lookup) {
  return Interpolation(lookup).fill(text, 0);
}

}  // namespace reconciler
