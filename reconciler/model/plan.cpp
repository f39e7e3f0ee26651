#include "reconciler/model/plan.hpp"

namespace reconciler {
namespace {

Json action_json(const Action& action) {
  JsonArray targets;
  for (const auto& target : action.work.targets) targets.emplace_back(target.text());
  JsonArray differences;
  for (const auto& d : action.differences)
    differences.push_back(JsonObject{{"field", d.field}, {"before", d.before}, {"after", d.after}});
  JsonObject out{{"key", action.key},
                 {"phase", to_text(action.work.phase)},
                 {"kind", action.work.verb},
                 {"title", action.title},
                 {"targets", std::move(targets)},
                 {"effect", action.work.effect == Effect::once ? "once" : "converge"},
                 {"reason", action.reason},
                 {"differences", std::move(differences)},
                 {"calls", to_json(action.work.calls)}};
  if (!action.once_key.empty()) out["once_key"] = action.once_key;
  return out;
}

}  // namespace

Json to_json(const Plan& plan) {
  JsonArray actions;
  for (const auto& action : plan.actions) actions.push_back(action_json(action));
  JsonArray gates;
  for (const auto& gate : plan.gates)
    gates.push_back(JsonObject{{"name", gate.name},
                               {"open", gate.open},
                               {"why", gate.why},
                               {"opens_when", gate.opens_when}});
  JsonObject out{
      {"environment", plan.environment.text()},
      {"id", plan.id},
      {"lineage", plan.lineage},
      {"from", plan.from.empty() ? Json(nullptr) : Json(plan.from)},
      {"to", plan.to},
      {"commit", plan.commit},
      {"config", JsonObject{{"commit", plan.config_commit}, {"subject", plan.config_subject}}},
      {"desired", plan.desired},
      {"notices", to_json(plan.notices)},
      {"actions", std::move(actions)},
      {"stays", to_json(plan.stays)},
      {"gates", std::move(gates)},
      {"fallback", plan.fallback ? Json(*plan.fallback) : Json(nullptr)}};
  if (!plan.taken_over.empty()) out["taken_over"] = plan.taken_over;
  if (!plan.reported.empty()) {
    JsonArray reported;
    for (const auto& action : plan.reported) reported.push_back(action_json(action));
    out["reported"] = std::move(reported);
  }
  if (!plan.left_alone.empty()) out["left_alone"] = to_json(plan.left_alone);
  if (plan.suspended)
    out["suspended"] = JsonObject{
        {"who", plan.suspended->who},
        {"reason", plan.suspended->reason},
        {"since", to_text(plan.suspended->at)},
        {"until", plan.suspended->until ? Json(to_text(*plan.suspended->until)) : Json(nullptr)}};
  if (plan.held) {
    JsonObject held{{"tag", plan.held->rejected_tag},
                    {"reason", plan.held->reason},
                    {"why", plan.held->why},
                    {"run", plan.held->run}};
    if (!plan.held->failed_tag.empty() && plan.held->failed_tag != plan.held->rejected_tag)
      held["failed"] = plan.held->failed_tag;
    out["rejected"] = std::move(held);
  }
  if (plan.stalled)
    out["stalled"] = JsonObject{
        {"reason", plan.stalled->reason}, {"why", plan.stalled->why}, {"next", plan.stalled->next}};
  return out;
}

}  // namespace reconciler
