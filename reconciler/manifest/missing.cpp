#include "reconciler/manifest/missing.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/base/expression.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/manifest/manifest.hpp"
#include "reconciler/manifest/placeholders.hpp"

namespace reconciler {
namespace {

using What = MissingVariable::What;

std::string_view what_in_words(What what) {
  switch (what) {
    case What::not_set:
      return "not set";
    case What::empty:
      return "empty";
    case What::wrong_form:
      return "wrong form";
  }
  return "";
}

}  // namespace

std::vector<MissingVariable> MissingSearch::run() {
  for (const auto& one : spec_.required) require(one);
  for (auto& one : earlier_) add(std::move(one));
  const Json* verify = member(spec_.sections, "verify");
  const Json* checks = verify ? member(*verify, "checks") : nullptr;
  // Commands are a container's own and may hold what only its shell knows; URLs and texts are ours.
  if (checks && checks->is_array())
    for (size_t i = 0; i < checks->get_array().size(); ++i)
      for (const char* key : {"http", "contains"})
        if (const Json* text = member(checks->get_array()[i], key))
          refer(*text, fmt::format("/verify/checks/{}/{}", i, key));
  return std::move(out_);
}

void MissingSearch::add(MissingVariable one) {
  if (!named_.insert(one.name).second) return;
  if (one.what == What::not_set) one.hint = hint(one.name);
  out_.push_back(std::move(one));
}

void MissingSearch::require(const RequiredVariable& one) {
  const auto found = variables_.find(one.name);
  if (found == variables_.end()) return add({one.name, What::not_set, file_and_line(one.place)});
  const std::string& value = found->second.value.reveal();
  const auto expression = Expression::compile(one.expression);
  const bool fits =
      one.expression.empty() ? !value.empty() : expression && expression->matches(value);
  if (fits) return;
  if (value.empty()) return add({one.name, What::empty, file_and_line(one.place)});
  add({one.name, What::wrong_form,
       fmt::format("{} wants {}", file_and_line(one.place), one.expression)});
}

void MissingSearch::refer(const Json& text, const std::string& pointer) {
  if (!text.is_string()) return;
  const auto names = references(std::string_view(text.get_string()));
  if (!names) return;  // expand() says it with the text in hand
  for (const auto& name : *names)
    if (!variables_.contains(name))
      add({name, What::not_set, file_and_line(place_at(spec_.places, pointer))});
}

std::string MissingSearch::hint(const std::string& name) const {
  std::vector<std::string> names;
  for (const auto& [known, value] : variables_) names.push_back(known);
  const auto near = nearest(name, names);
  if (!near) return "";
  std::string from = variables_.at(*near).from;
  return fmt::format("did you mean {}? {} has that", *near, from.substr(0, from.rfind(':')));
}

Error missing_variables(const EnvironmentId& id, const std::vector<MissingVariable>& missing,
                        const std::vector<std::string>& looked_in, const std::string& mend) {
  Error e = error("variables.missing",
                  fmt::format("{} of {} {} no usable value", count(missing.size(), "variable"),
                              id.text(), missing.size() == 1 ? "has" : "have"));
  size_t widest = 0;
  for (const auto& one : missing) widest = std::max(widest, what_in_words(one.what).size());
  for (const auto& one : missing) {
    e.facts.push_back(
        {one.name, fmt::format("{:<{}}  {}", what_in_words(one.what), widest, one.where)});
    if (!one.hint.empty()) e.facts.push_back({"", fmt::format("{:<{}}  {}", "", widest, one.hint)});
  }
  e.facts.push_back({"looked in", looked_in.empty() ? "nothing: the manifest names no env file"
                                                    : join(looked_in, ", ")});
  e.hint = fmt::format("{}, then: reconciler plan {}", mend, id.text());
  return e;
}

}  // namespace reconciler
