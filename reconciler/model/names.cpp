#include "reconciler/model/names.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/base/text.hpp"

namespace reconciler {
namespace {

constexpr size_t longest_name = 63;

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_name_character(char c) {
  return is_plain(c) || c == '_' || c == '-';
}

}  // namespace

Status check_name(std::string_view what, std::string_view name) {
  const auto refuse = [&](std::string_view rule) {
    return failure(
        error("name.invalid", fmt::format("{} \"{}\" {}", what, printable(name, 80), rule))
            .next("a name is a-z, 0-9, \"_\" and \"-\", begins with a letter or digit, and has at "
                  "most 63 characters"));
  };
  if (name.empty()) return refuse("is empty");
  if (name.size() > longest_name) return refuse(fmt::format("is {} characters long", name.size()));
  if (!std::all_of(name.begin(), name.end(), is_name_character))
    return refuse(std::any_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; })
                      ? "holds upper case"
                      : "holds a character that names do not have");
  if (!is_plain(name.front())) return refuse(fmt::format("begins with \"{}\"", name.front()));
  return {};
}

Result<EnvironmentId> parse_environment_id(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == text.npos)
    return failure(error("name.invalid", fmt::format("\"{}\" is not APP/ENV", printable(text, 80)))
                       .next("write the application, a slash and the environment"));
  EnvironmentId id{std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
  if (auto checked = check_name("application", id.application); !checked) return failed(checked);
  if (auto checked = check_name("environment", id.environment); !checked) return failed(checked);
  return id;
}

}  // namespace reconciler
