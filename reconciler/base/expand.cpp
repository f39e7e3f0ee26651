#include "reconciler/base/expand.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "reconciler/base/text.hpp"

namespace reconciler {
namespace {

constexpr size_t largest = 128U << 10U;

bool is_name(std::string_view text) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !text.empty() && letter(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

Error syntax(std::string_view from) {
  const size_t end = std::min(from.find('}'), size_t{59});
  return error("variables.syntax",
               fmt::format("\"{}\" is no variable: only ${{NAME}} is filled in here",
                           printable(from.substr(0, end + 1))))
      .next("a literal ${ is written $${");
}

/// Calls `plain` and `name` with the parts of `text` in order.
template <class Plain, class Name>
Status walk(std::string_view text, Plain plain, Name name) {
  while (!text.empty()) {
    if (text.starts_with("$${")) {
      plain(std::string_view("${"));
      text.remove_prefix(3);
    } else if (text.starts_with("${")) {
      const size_t end = text.find('}');
      if (end == std::string_view::npos || !is_name(text.substr(2, end - 2)))
        return failure(syntax(text));
      name(text.substr(2, end - 2));
      text.remove_prefix(end + 1);
    } else {
      const size_t next = std::min(text.find('$', 1), text.size());
      plain(text.substr(0, next));
      text.remove_prefix(next);
    }
  }
  return {};
}

}  // namespace

Result<std::set<std::string>> placeholders(std::string_view text) {
  std::set<std::string> names;
  auto done = walk(
      text, [](std::string_view) {}, [&](std::string_view name) { names.emplace(name); });
  if (!done) return failed(done);
  return names;
}

Result<Secret> fill(std::string_view text, const SecretLookup& lookup) {
  std::string out;
  std::vector<Error> unknown;
  auto done = walk(
      text,
      [&](std::string_view plain) {
        if (out.size() <= largest) out += plain;
      },
      [&](std::string_view name) {
        if (const Secret* value = lookup(name)) {
          if (out.size() <= largest) out += value->reveal();
        } else {
          unknown.push_back(
              error("variables.unknown", fmt::format("there is no variable \"{}\"", name))
                  .next("add it to an env file, or to `set`"));
        }
      });
  if (!done) return failed(done);
  if (!unknown.empty()) return failure(gather(std::move(unknown)));
  if (out.size() > largest)
    return failure(error(
        "variables.too_large",
        fmt::format("a text has more than {} KiB with its variables filled in", largest >> 10U)));
  return Secret(std::move(out));
}

}  // namespace reconciler
