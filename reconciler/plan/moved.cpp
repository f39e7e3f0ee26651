#include "reconciler/plan/moved.hpp"

#include <fmt/format.h>

#include <set>

namespace reconciler {

Result<SavedPlan> saved_plan_from_json(const Json& value) {
  SavedPlan plan;
  plan.id = text_at(value, "id");
  plan.environment = text_at(value, "environment");
  plan.lineage = text_at(value, "lineage");
  plan.to = text_at(value, "to");
  if (const auto* config = member(value, "config")) plan.config_commit = text_at(*config, "commit");
  const auto* actions = member(value, "actions");
  if (plan.id.empty() || plan.environment.empty() || !actions || !actions->is_array())
    return failure(
        error("plan.invalid", "this is no saved plan: it has no id, environment or actions")
            .next("save one with: reconciler plan --out FILE"));
  for (const auto& action : actions->get_array())
    plan.actions.push_back(
        {text_at(action, "key"), text_at(action, "kind"), text_at(action, "title")});
  return plan;
}

SavedPlan saved(const Plan& plan) {
  SavedPlan out{plan.id, plan.environment.text(), plan.lineage, plan.to, plan.config_commit, {}};
  for (const auto& action : plan.actions)
    out.actions.push_back({action.key, action.work.verb, action.title});
  return out;
}

std::optional<Error> moved(const SavedPlan& was, const Plan& now) {
  if (was.id == now.id) return std::nullopt;
  Error why = error("plan.stale",
                    fmt::format("plan {} of {} is not what would be done now; nothing was changed",
                                was.id.substr(0, 6), was.environment));
  if (was.lineage != now.lineage)
    why.facts.push_back({"lineage", "it was made by another installation"});
  if (was.to != now.to) why.facts.push_back({"tag", fmt::format("was {}, is {}", was.to, now.to)});
  if (was.config_commit != now.config_commit)
    why.facts.push_back({"config", fmt::format("was {}, is {}", was.config_commit.substr(0, 7),
                                               now.config_commit.substr(0, 7))});
  if (now.empty() && !now.stalled)
    why.facts.push_back({"now", fmt::format("there is nothing to do: {} runs", now.to)});
  std::set<std::string> before;
  std::set<std::string> after;
  std::set<std::string> names_before;
  for (const auto& row : was.actions) {
    before.insert(row.key);
    names_before.insert(row.kind + " " + row.title);
  }
  for (const auto& action : now.actions) after.insert(action.key);
  std::set<std::string> names_after;
  for (const auto& action : now.actions) {
    const std::string name = action.work.verb + " " + action.title;
    names_after.insert(name);
    if (before.contains(action.key)) continue;
    why.facts.push_back({names_before.contains(name) ? "changed" : "new",
                         fmt::format("{}: {}", name, action.reason)});
  }
  for (const auto& row : was.actions)
    if (!now.empty() && !after.contains(row.key) &&
        !names_after.contains(row.kind + " " + row.title))
      why.facts.push_back({"gone", row.kind + " " + row.title});
  if (now.stalled) why.facts.push_back({"stalled", now.stalled->why});
  why.hint = fmt::format("reconciler plan {}", was.environment);
  return why;
}

}  // namespace reconciler
