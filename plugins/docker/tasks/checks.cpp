#include "plugins/docker/tasks/checks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "plugins/docker/services/ids.hpp"
#include "plugins/docker/services/in_container.hpp"
#include "plugins/docker/services/names.hpp"
#include "plugins/docker/services/state.hpp"
#include "plugins/docker/tasks/output.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

constexpr Duration look_time = std::chrono::seconds(30);
constexpr Duration exec_time = std::chrono::minutes(10);
constexpr int shown_lines = 10;
/// For a container to be up after it was switched to, or restarted.
constexpr Duration up_time = std::chrono::minutes(1);
constexpr Duration between_tries = std::chrono::milliseconds(500);

class Silent final : public Progress {
 public:
  void line(std::string_view) override {}
};

/// What is wrong with a service; empty when it is well.
std::string complaint(const Place& place, RestartCounts& counts) {
  if (!place.current) return "not there";
  if (place.finished()) return "";
  const auto state = state_of(place);
  const bool rose =
      counts.rose(place.current->id, number_at(place.current->inspect, "RestartCount"));
  if (state == "running" && place.wanted->job) return "has not completed yet";
  if (state != "running") return state;
  if (rose)
    return fmt::format("restarted, {} times by now",
                       number_at(place.current->inspect, "RestartCount"));
  switch (health_of(place)) {
    case Health::unwell:
      return "unhealthy";
    case Health::starting:
      if (const auto times = number_at(place.current->inspect, "RestartCount"); times > 0)
        return fmt::format("not healthy yet, restarted {} times by now", times);
      return "not healthy yet";
    case Health::none:
    case Health::well:
    case Health::unknown:
      break;
  }
  return "";
}

Result<std::vector<std::string>> last_lines(Context& context, const std::string& id, int n) {
  std::vector<std::string> lines;
  auto done = context.engine.stream(
      "GET", fmt::format("/containers/{}/logs?stdout=1&stderr=1&tail={}", id, n), nullptr,
      [&](std::string_view line) { lines.push_back(printable(line)); }, context.within(look_time));
  if (!done) return failed(done);
  return lines;
}

/// Since when a container's lines count: its own start, but no more than ten minutes before the
/// newest start of the project, so that old lines of services that stayed do not fail a deploy.
std::int64_t since(const Place& place, const std::vector<Place>& all) {
  std::int64_t newest = 0;
  std::int64_t own = 0;
  for (const auto& other : all) {
    const Json* state = other.current ? member(other.current->inspect, "State") : nullptr;
    const auto started = state ? engine_time(text_at(*state, "StartedAt")) : std::nullopt;
    if (!started) continue;
    const std::int64_t at = started->time_since_epoch().count();
    newest = std::max(newest, at);
    if (other.current == place.current) own = at;
  }
  return std::max(own, newest - 600);
}

Result<Look> look_at_project(Context& context, const CompiledModel& model) {
  return look_at(context.engine, context.configs, model, Scope{}, context.within(look_time));
}

}  // namespace

bool RestartCounts::rose(const std::string& container, std::int64_t now) {
  const std::lock_guard lock(mutex_);
  if (counts_.size() > 4096) counts_.clear();
  const auto [entry, is_new] = counts_.try_emplace(container, now);
  const bool rose = !is_new && entry->second < now;
  entry->second = now;
  return rose;
}

Result<bool> nothing_runs(Context& context, const CompiledModel& model) {
  auto look = look_at_project(context, model);
  if (!look) return failed(look);
  const auto places = place_all(model, *look, {});
  return std::ranges::none_of(places, [](const Place& place) { return place.current != nullptr; });
}

Outcome not_asked() {
  return {Fate::succeeded, Json(JsonObject{{"detail", "not asked: nothing runs here yet"}})};
}

Result<Outcome> check_services(Context& context, const CompiledModel& model, const Attempt& attempt,
                               RestartCounts& counts, Progress& progress) {
  auto look = look_at_project(context, model);
  if (!look) return failed(look);
  const Json& input = attempt.work.input;
  const auto only = text_at(input, "kind") == "service" ? text_at(input, "service") : "";
  std::vector<std::string> wrong;
  std::vector<std::string> before;
  bool final = false;
  JsonArray lines;
  const auto places = place_all(model, *look, {});
  for (const auto& place : places) {
    if (!only.empty() && place.wanted->service != only) continue;
    const auto what = complaint(place, counts);
    if (what.empty()) continue;
    if (std::ranges::find(attempt.excused, service_id(*place.wanted)) != attempt.excused.end()) {
      before.push_back(place.wanted->service + ": " + what);
      continue;
    }
    wrong.push_back(place.wanted->service + ": " + what);
    final = final || place.ended_for_good();
    if (!place.current || what == "not healthy yet") continue;
    auto last = last_lines(context, place.current->id, shown_lines);
    if (!last) continue;  // a log driver that cannot be read is no reason to fail otherwise
    for (const auto& line : *last) lines.emplace_back(place.wanted->service + " | " + line);
  }
  if (wrong.empty())
    return Outcome{
        Fate::succeeded,
        Json(JsonObject{{"detail", before.empty() ? count(places.size(), "service")
                                                  : "unwell as before: " + join(before, "; ")}})};
  for (const auto& line : wrong) progress.line(line);
  JsonObject evidence{{"detail", join(wrong, "; ")}, {"lines", std::move(lines)}};
  if (final) evidence["final"] = true;
  return Outcome{Fate::failed, Json(std::move(evidence))};
}

Result<Outcome> check_logs(Context& context, const CompiledModel& model, const Json& input,
                           const Variables& variables, Progress& progress) {
  auto look = look_at_project(context, model);
  if (!look) return failed(look);
  const auto target = text_at(input, "service");
  Silent silent;  // what services write is not the plan's output
  Output output(input, variables, silent);
  const auto places = place_all(model, *look, {});
  for (const auto& place : places) {
    if (!place.current || (target != "*" && place.wanted->service != target)) continue;
    auto done = context.engine.stream(
        "GET",
        fmt::format("/containers/{}/logs?stdout=1&stderr=1&since={}&tail=10000", place.current->id,
                    since(place, places)),
        nullptr,
        [&](std::string_view line) {
          output.add(place.wanted->service + " | " + std::string(line));
        },
        context.within(look_time));
    if (!done) return failed(done);
  }
  const auto unmet = output.unmet();
  if (!unmet.empty()) progress.line(unmet);
  auto evidence = output.evidence(0);
  evidence["detail"] = unmet.empty() ? count(output.lines(), "line") : unmet;
  return Outcome{unmet.empty() ? Fate::succeeded : Fate::failed, Json(std::move(evidence))};
}

Result<Outcome> perform_exec(Context& context, const CompiledModel& model, const Work& work,
                             const Variables& variables, Progress& progress, std::stop_token stop) {
  const Json& input = work.input;
  const auto service = text_at(input, "service");
  const auto container = std::ranges::find(model.containers, service, &Container::service);
  if (container == model.containers.end())
    return failure(error("plan.stale", fmt::format("there is no service {} any more", service))
                       .next("plan again"));
  auto there = inspect_container(context.engine, *container, context.within(look_time));
  if (!there) return failed(there);
  const Json body = JsonObject{{"AttachStdout", true},
                               {"AttachStderr", true},
                               {"Cmd", reconciler::to_json(texts_at(input, "command"))}};
  const auto given = number_at(input, "timeout_ms");
  const auto deadline = context.within(given > 0 ? Duration(given) : exec_time);
  Output output(input, variables, progress);
  const auto run = [&] {
    return run_in_container(
        context, text_at(*there, "Id"), body, deadline,
        [&](std::string_view line) { output.add(line); }, stop);
  };
  auto code = run();
  // A check is asked again anyway; work waits for a container that is still on its way up.
  const bool asks = work.phase == Phase::verify || work.phase == Phase::preflight;
  const auto soon = context.within(asks ? Duration{0} : up_time);
  while (!code && code.error().code == "docker.conflict" && !soon.passed(context.clock) &&
         context.clock.wait_until(context.clock.now() + between_tries, stop)) {
    there = inspect_container(context.engine, *container, context.within(look_time));
    if (!there) return failed(there);
    code = run();
  }
  if (!code && deadline.passed(context.clock)) {
    auto evidence = output.evidence(-1);
    evidence["detail"] =
        fmt::format("did not end within {}; it may still run in {}",
                    for_people(given > 0 ? Duration(given) : exec_time), container->name);
    return Outcome{Fate::failed, Json(std::move(evidence))};
  }
  if (!code) return failed(code);
  auto evidence = output.evidence(*code);
  const auto unmet = *code == 0 ? output.unmet()
                     : output.last().empty()
                         ? fmt::format("exit code {}", *code)
                         : fmt::format("exit code {}: {}", *code, output.last());
  if (!unmet.empty()) evidence["detail"] = unmet;
  return Outcome{unmet.empty() ? Fate::succeeded : Fate::failed, Json(std::move(evidence))};
}

}  // namespace reconciler::docker
