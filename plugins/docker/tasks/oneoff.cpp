#include "plugins/docker/tasks/oneoff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "plugins/docker/services/mover.hpp"
#include "plugins/docker/services/names.hpp"
#include "plugins/docker/services/state.hpp"
#include "plugins/docker/tasks/ended.hpp"
#include "plugins/docker/tasks/incarnation.hpp"
#include "plugins/docker/tasks/task.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

constexpr Duration between_looks{200};

/// One that exists, by its attempt. Null when there is none.
Result<Json> find(Context& context, const Attempt& attempt) {
  const JsonObject filter{
      {"label",
       JsonArray{Json(fmt::format("{}={}", label::attempt, attempt.id)),
                 Json(fmt::format("{}={}", label::environment, attempt.environment.text())),
                 // Another installation counts its attempts from one as well.
                 Json(fmt::format("{}={}", label::lineage, attempt.lineage)),
                 Json(fmt::format("{}=True", label::oneoff))}}};
  auto list = context.engine.get("/containers/json?all=1&filters=" + url_encode(canonical(filter)),
                                 context.within(call_time));
  if (!list) return failed(list);
  if (!list->is_array() || list->as_array().empty()) return Json();
  auto inspect = context.engine.get("/containers/" + text_at(list->as_array()[0], "Id") + "/json",
                                    context.within(call_time));
  if (!inspect && inspect.error().code == "docker.not_found") return Json();
  return inspect;
}

/// Of the time that the task may take; none where it is over: then one look is all.
Duration time_left(const Context& context, const Json& input, const Json& inspect) {
  const auto most = time_for(input);
  const auto started = engine_time(text_at(task_state(inspect), "StartedAt"));
  if (!started) return most;
  const auto ran = std::chrono::duration_cast<Duration>(context.clock.wall() - *started);
  return std::clamp(most - ran, Duration{0}, most);
}

/// What runs at each switch is in no ledger as begun, and one that was cut off goes on: it is
/// waited for, for as long as it may take. What runs longer than that is for is_alone to tell.
Status await_earlier(Context& context, const CompiledModel& model, const Attempt& attempt,
                     Progress& progress, const std::stop_token& stop) {
  const JsonObject filter{
      {"label",
       JsonArray{Json(fmt::format("{}={}", label::project, model.project)),
                 Json(fmt::format("{}={}", label::environment, attempt.environment.text())),
                 Json(fmt::format("{}={}", label::lineage, attempt.lineage)),
                 Json(fmt::format("{}={}", label::task, task_of(attempt)))}}};
  auto list = context.engine.get("/containers/json?filters=" + url_encode(canonical(filter)),
                                 context.within(call_time));
  if (!list) return failed(list);
  if (!list->is_array()) return {};
  for (const auto& listed : list->as_array()) {
    const auto path = "/containers/" + text_at(listed, "Id") + "/json";
    std::optional<Instant> until;  // by the clock that nobody puts back
    for (;;) {
      auto inspect = context.engine.get(path, context.within(call_time));
      if (!inspect && inspect.error().code == "docker.not_found") break;
      if (!inspect) return failed(inspect);
      if (!truth_at(task_state(*inspect), "Running")) break;
      if (!until) {
        const auto left = time_left(context, attempt.work.input, *inspect);
        until = context.clock.now() + left;
        if (left > Duration{0})
          progress.line(fmt::format("waits for container {} of an earlier attempt, for {} at most",
                                    task_container(*inspect), for_people(left)));
      }
      if (context.clock.now() >= *until) break;
      if (!context.clock.wait_until(context.clock.now() + between_looks, stop))
        return failure(error("apply.stopped", "stopped while an earlier attempt runs").passing());
    }
  }
  return {};
}

/// Who must run, and be healthy where it has a health check, before the task is started.
std::vector<Dependency> dependencies_of(const CompiledModel& model, const Json& input) {
  std::vector<Dependency> all;
  for (const auto& service : texts_at(input, "depends_on"))
    all.push_back({service, "service_healthy", false, true});
  if (!all.empty()) return all;
  const auto task = model.tasks.find(text_at(input, "service"));
  return task == model.tasks.end() ? all : task->second.depends_on;
}

}  // namespace

Result<Outcome> perform_task(Context& context, const CompiledModel& model, const Attempt& attempt,
                             const Grounds& grounds, const Variables& variables, Progress& progress,
                             std::stop_token stop) {
  const Json& input = attempt.work.input;
  const auto patience = std::max<Duration>(model.patience, std::chrono::minutes(2));
  if (auto ready = await_dependencies(context, model, dependencies_of(model, input), progress,
                                      context.within(patience), stop);
      !ready)
    return failed(ready);
  const bool once = attempt.work.effect == Effect::once;
  if (!once)
    if (auto ended = await_earlier(context, model, attempt, progress, stop); !ended)
      return failed(ended);
  Task task(context, attempt, variables, progress);
  if (auto made = task.create(model, text_at(input, "service"), grounds); !made)
    return failed(made);
  if (auto alone = task.is_alone(model); !alone) {
    // What runs once is found by its attempt; of what may run again nobody would come back for it.
    if (!once) (void)task.remove();
    return failed(alone);
  }
  if (once)
    if (auto begun = progress.begun(); !begun) return failed(begun);
  if (auto started = task.start(); !started) return failed(started);
  return task.follow(time_for(input), std::move(stop));
}

Result<Outcome> perform_asking_task(Context& context, const CompiledModel& model,
                                    const Attempt& attempt, const Grounds& grounds,
                                    const Variables& variables, Progress& progress,
                                    std::stop_token stop) {
  Task task(context, attempt, variables, progress);
  if (auto made = task.create(model, text_at(attempt.work.input, "service"), grounds); !made) {
    (void)task.remove();
    return failed(made);
  }
  auto outcome = [&]() -> Result<Outcome> {
    if (auto started = task.start(); !started) return failed(started);
    return task.follow(time_for(attempt.work.input), stop);
  }();
  if (auto removed = task.remove(); !removed) return failed(removed);
  if (outcome && outcome->fate == Fate::unknown)
    return failure(error("docker.restarted", fmt::format("while it was asked: {}",
                                                         text_at(outcome->evidence, "detail")))
                       .passing());
  if (!outcome || outcome->fate != Fate::running) return outcome;
  if (stop.stop_requested()) return failure(error("docker.stopped", "stopped while it was asked"));
  return Outcome{
      Fate::failed,
      Json(JsonObject{{"detail", fmt::format("did not end within {}",
                                             for_people(time_for(attempt.work.input)))}})};
}

Result<Outcome> recover_task(Context& context, const Attempt& attempt, const Variables& variables,
                             Progress& progress, std::stop_token stop) {
  auto inspect = find(context, attempt);
  if (!inspect) return failed(inspect);
  if (inspect->is_null())
    return Outcome{Fate::not_started,
                   Json(JsonObject{{"detail", "there is no container of this attempt"}})};
  const auto id = text_at(*inspect, "Id");
  if (text_at(task_state(*inspect), "Status") == "created") {
    // An Engine writes down that it started one once it has: if it died in between, this one ran.
    auto same = is_of_this_incarnation(context, *inspect, context.within(call_time));
    if (!same) return failed(same);
    if (!*same)
      return Outcome{
          Fate::not_started,
          Json(JsonObject{{"detail", fmt::format("its container {} reads as never started, and "
                                                 "Docker or the machine was started anew meanwhile",
                                                 task_container(*inspect))}})};
    if (auto gone = remove_one_off(context, id); !gone) return failed(gone);
    return Outcome{
        Fate::not_started,
        Json(JsonObject{{"detail", "its container was made and never started"}, {"found", true}})};
  }
  return Task(context, attempt, variables, progress)
      .follow_again(*inspect, time_left(context, attempt.work.input, *inspect), std::move(stop));
}

}  // namespace reconciler::docker
