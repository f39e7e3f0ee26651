#include "plugins/docker/tasks/ended.hpp"

#include <fmt/format.h>

#include <set>

#include "plugins/docker/services/mover.hpp"
#include "plugins/docker/services/names.hpp"
#include "plugins/docker/services/state.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {

Status remove_one_off(Context& context, const std::string& id) {
  auto gone = context.engine.change("DELETE", "/containers/" + id + "?v=true", nullptr,
                                    context.within(call_time));
  if (!gone && gone.error().code != "docker.not_found") return failed(gone);
  return {};
}

void observe_one_offs(const Context& context, const Observed& observed, Observation& into) {
  std::set<std::string> awaited;
  for (const auto& [key, attempt] : observed.memory.once_attempt)
    if (const auto fate = observed.memory.once.find(key);
        fate != observed.memory.once.end() && fate->second == Fate::running)
      awaited.insert(attempt);
  for (const auto& seen : observed.look.containers) {
    const auto task = seen.label(label::task);
    if (!seen.oneoff || task.empty() || !seen.stopped() ||
        awaited.contains(seen.label(label::attempt)))
      continue;
    if (seen.label(label::environment) != observed.id.text()) continue;
    Resource r;
    r.id = container_id(seen.name);
    r.observed = context.digest(Json(seen.id));
    r.differences = {{"container", seen.state(), "removed"}};
    r.state = seen.state();
    r.reason = fmt::format("what {} left, and it has ended", task);
    r.ours = true;
    Work work;
    work.phase = Phase::prune;
    work.verb = "prune";
    work.targets = {r.id};
    work.input = JsonObject{{"task", task}, {"container", seen.id}, {"model", observed.model.key}};
    work.calls = declared({{.kind = Move::Kind::remove, .name = seen.name}});
    r.remedies[Aim::remove] = {std::move(work)};
    into.resources.push_back(std::move(r));
  }
}

Result<Outcome> prune_task(Context& context, const CompiledModel& model, const Attempt& attempt) {
  const Json& input = attempt.work.input;
  const auto only = text_at(input, "container");
  const JsonObject filter{
      {"label",
       JsonArray{Json(fmt::format("{}={}", label::project, model.project)),
                 Json(fmt::format("{}={}", label::environment, attempt.environment.text())),
                 Json(fmt::format("{}={}", label::task, text_at(input, "task")))}}};
  auto list = context.engine.get("/containers/json?all=1&filters=" + url_encode(canonical(filter)),
                                 context.within(call_time));
  if (!list) return failed(list);
  if (!list->is_array()) return Outcome{Fate::succeeded, {}};
  for (const Json& entry : list->as_array()) {
    if (text_at(entry, "State") == "running") continue;
    if (!only.empty() && text_at(entry, "Id") != only) continue;
    if (auto gone = remove_one_off(context, text_at(entry, "Id")); !gone) return failed(gone);
  }
  return Outcome{Fate::succeeded, {}};
}

}  // namespace reconciler::docker
