#include "reconciler/manifest/placeholders.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "reconciler/base/text.hpp"
#include "reconciler/manifest/interpolation.hpp"

namespace reconciler {
namespace {

struct Piece {
  bool variable = false;
  std::string text;
};

bool name(std::string_view text) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !text.empty() && letter(text.front()) &&
         std::ranges::all_of(text, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

Result<std::vector<Piece>> pieces(std::string_view text) {
  std::vector<Piece> out;
  std::string plain;
  for (size_t i = 0; i < text.size();) {
    const auto rest = text.substr(i);
    if (rest.starts_with("$${")) {
      plain += "${";
      i += 3;
    } else if (rest.starts_with("${")) {
      const size_t end = rest.find('}');
      const auto inside = rest.substr(2, end == std::string_view::npos ? end : end - 2);
      if (end == std::string_view::npos || !name(inside))
        return failure(
            error("variables.syntax",
                  fmt::format(
                      "\"{}\" is no variable: only ${{NAME}} is filled in here",
                      printable(rest.substr(
                          0, end == std::string_view::npos ? 20 : std::min<size_t>(end + 1, 60)))))
                .next("a literal ${ is written $${"));
      if (!plain.empty()) out.push_back({false, std::move(plain)});
      plain.clear();
      out.push_back({true, std::string(inside)});
      i += end + 1;
    } else {
      plain += text[i++];
    }
  }
  if (!plain.empty()) out.push_back({false, std::move(plain)});
  return out;
}

Error unknown_variable(const std::string& wanted, const Variables& variables) {
  std::vector<std::string> names;
  for (const auto& [known, value] : variables) names.push_back(known);
  Error e = error("variables.unknown", fmt::format("there is no variable \"{}\"", wanted));
  if (const auto near = nearest(wanted, names))
    e.hint = fmt::format("did you mean \"{}\"?", *near);
  else
    e.hint = "add it to an env file, or to `set`";
  return e;
}

}  // namespace

Result<std::set<std::string>> references(std::string_view text) {
  const auto all = pieces(text);
  if (!all) return failure(all.error());
  std::set<std::string> out;
  for (const auto& piece : *all)
    if (piece.variable) out.insert(piece.text);
  return out;
}

Result<Expanded> expand(std::string_view text, const Variables& variables, const Place& place) {
  auto all = pieces(text);
  if (!all) return failure(std::move(all.error()).at(place));
  std::vector<Error> mistakes;
  std::string out;
  bool secret = false;
  for (const auto& piece : *all) {
    const auto found = variables.find(piece.text);
    if (!piece.variable) {
      out += piece.text;
    } else if (found == variables.end()) {
      mistakes.push_back(std::move(unknown_variable(piece.text, variables)).at(place));
    } else {
      out += found->second.value.reveal();
      secret = secret || found->second.secret;
    }
    if (out.size() > largest_value)
      return failure(error("variables.too_large",
                           fmt::format("a text has more than {} bytes with its variables filled in",
                                       largest_value))
                         .at(place));
  }
  if (!mistakes.empty()) return failure(gather(std::move(mistakes)));
  return Expanded{Secret(std::move(out)), secret};
}

}  // namespace reconciler
