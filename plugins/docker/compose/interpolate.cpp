#include "plugins/docker/compose/interpolate.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

bool name_begins(char c) {
  return c == '_' || std::isalpha(static_cast<unsigned char>(c)) != 0;
}
bool name_goes_on(char c) {
  return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0;
}

size_t name_length(std::string_view text) {
  if (text.empty() || !name_begins(text.front())) return 0;
  size_t n = 1;
  while (n < text.size() && name_goes_on(text[n])) ++n;
  return n;
}

/// What stands between braces.
std::optional<std::string> braced(std::string_view inside, const Variables& variables) {
  const size_t n = name_length(inside);
  if (n == 0) return std::nullopt;
  const auto found = variables.find(std::string(inside.substr(0, n)));
  const bool set = found != variables.end();
  std::string_view rest = inside.substr(n);
  if (rest.empty()) return set ? found->second.value.reveal() : "";
  const bool empty_too = rest.starts_with(":-");
  if (!empty_too && !rest.starts_with("-")) return std::nullopt;
  rest.remove_prefix(empty_too ? 2 : 1);
  if (rest.find('$') != std::string_view::npos) return std::nullopt;
  if (set && !(empty_too && found->second.value.empty())) return found->second.value.reveal();
  return std::string(rest);
}

}  // namespace

std::optional<std::string> interpolate(std::string_view text, const Variables& variables) {
  std::string out;
  while (!text.empty()) {
    const size_t dollar = text.find('$');
    out += text.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar + 1);
    if (text.starts_with('$')) {
      out += '$';
      text.remove_prefix(1);
    } else if (text.starts_with('{')) {
      const size_t end = text.find('}');
      if (end == std::string_view::npos) return std::nullopt;
      const auto value = braced(text.substr(1, end - 1), variables);
      if (!value) return std::nullopt;
      out += *value;
      text.remove_prefix(end + 1);
    } else {
      const size_t n = name_length(text);
      if (n == 0) return std::nullopt;
      const auto found = variables.find(std::string(text.substr(0, n)));
      if (found != variables.end()) out += found->second.value.reveal();
      text.remove_prefix(n);
    }
  }
  return out;
}

bool uses_variable(std::string_view line, std::string_view name) {
  for (size_t at = line.find('$'); at != std::string_view::npos; at = line.find('$', at)) {
    ++at;
    if (at < line.size() && line[at] == '$') {  // an escaped dollar
      ++at;
      continue;
    }
    std::string_view rest = line.substr(std::min(at, line.size()));
    if (rest.starts_with('{')) rest.remove_prefix(1);
    if (rest.substr(0, name_length(rest)) == name) return true;
  }
  return false;
}

}  // namespace reconciler::docker
