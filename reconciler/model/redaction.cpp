#include "reconciler/model/redaction.hpp"

#include <algorithm>
#include <array>

#include "reconciler/base/text.hpp"
#include "reconciler/base/utf8.hpp"

namespace reconciler {
namespace {

constexpr size_t shortest = 4;
constexpr size_t shortest_number = 5;

bool says_nothing(std::string_view value) {
  static constexpr std::array<std::string_view, 4> words{"true", "false", "none", "null"};
  if (value.size() < shortest) return true;
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (value.size() < shortest_number && std::all_of(value.begin(), value.end(), digit)) return true;
  std::string lower(value);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  });
  return std::find(words.begin(), words.end(), lower) != words.end();
}

}  // namespace

void Redaction::hide(const Variables& variables) {
  const auto add = [&](std::string_view value, const std::string& name) {
    if (!says_nothing(value)) hidden_.push_back({std::string(value), "‹" + name + "›"});
  };
  for (const auto& [name, variable] : variables) {
    if (!variable.secret) continue;
    const std::string& value = variable.value.reveal();
    add(value, name);
    // What went through printable() before it came here.
    if (std::string shown = printable(value, value.size()); shown != value) add(shown, name);
    if (value.find('\n') == std::string::npos) continue;
    for (std::string_view rest(value); !rest.empty();) {
      const size_t end = std::min(rest.find('\n'), rest.size());
      add(trim(rest.substr(0, end)), name);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  std::stable_sort(hidden_.begin(), hidden_.end(), [](const Hidden& a, const Hidden& b) {
    return a.value.size() > b.value.size();
  });
}

std::string Redaction::text(std::string_view said) const {
  std::string out(said);
  for (const auto& one : hidden_)
    for (size_t at = out.find(one.value); at != std::string::npos;
         at = out.find(one.value, at + one.shown.size()))
      out.replace(at, one.value.size(), one.shown);
  hide_cut_ends(out);
  return is_utf8(out) ? out : to_utf8(out);
}

void Redaction::hide_cut_ends(std::string& text) const {
  for (size_t mark = text.find(cut_mark); mark != std::string::npos;) {
    const auto before = std::string_view(text).substr(0, mark);
    size_t most = 0;
    const std::string* shown = nullptr;
    for (const auto& one : hidden_)
      for (size_t n = one.value.size() - 1; n >= shortest && n > most; --n)
        if (before.ends_with(std::string_view(one.value).substr(0, n))) {
          most = n;
          shown = &one.shown;
        }
    if (shown) {
      text.replace(mark - most, most, *shown);
      mark += shown->size() - most;
    }
    mark = text.find(cut_mark, mark + cut_mark.size());
  }
}

Json Redaction::json(const Json& said) const {
  if (said.is_string()) return Json(text(said.get_string()));
  if (said.is_array()) {
    JsonArray out;
    for (const auto& item : said.get_array()) out.push_back(json(item));
    return out;
  }
  if (said.is_object()) {
    JsonObject out;
    for (const auto& [key, value] : said.get_object()) out[key] = json(value);
    return out;
  }
  return said;
}

Error Redaction::error(Error why) const {
  why.message = text(why.message);
  why.hint = text(why.hint);
  why.place.source = text(why.place.source);
  for (auto& fact : why.facts) fact.text = text(fact.text);
  for (auto& other : why.others) other = error(std::move(other));
  return why;
}

}  // namespace reconciler
