#include "plugins/docker/tasks/task.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "plugins/docker/services/data.hpp"
#include "plugins/docker/services/in_container.hpp"
#include "plugins/docker/services/mounted.hpp"
#include "plugins/docker/services/mover.hpp"
#include "plugins/docker/services/names.hpp"
#include "plugins/docker/services/restore.hpp"
#include "plugins/docker/services/state.hpp"
#include "plugins/docker/tasks/beside.hpp"
#include "plugins/docker/tasks/incarnation.hpp"
#include "plugins/docker/tasks/steps.hpp"
#include "reconciler/base/failpoint.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

constexpr Duration longest_task = std::chrono::hours(1);

/// Of what a check is asked in: the service's networks, and what it mounts, only where the step
/// says so. An image whose entrypoint migrates has nothing that it could migrate.
void keep_apart(JsonObject& config, JsonObject& host, const Json& input) {
  if (!truth_at(input, "network")) {
    host["NetworkMode"] = "none";
    for (const auto* key : {"Links", "ExtraHosts", "Dns", "PidMode", "IpcMode", "UTSMode"})
      host.erase(key);
    for (const auto* key : {"NetworkingConfig", "ExposedPorts", "MacAddress"}) config.erase(key);
  }
  if (!truth_at(input, "volumes")) {
    for (const auto* key : {"Binds", "Mounts", "VolumesFrom", "Devices"}) host.erase(key);
    config.erase("Volumes");
  }
}

/// The compiled task with the step's own command: then it is the whole argv.
Container with_command(Container task, const Json& input, bool apart) {
  if (!task.config.is_object()) return task;
  JsonObject& config = task.config.as_object();
  const auto command = texts_at(input, "command");
  if (!command.empty()) {
    config["Entrypoint"] = JsonArray{};
    config["Cmd"] = reconciler::to_json(command);
  }
  config["Healthcheck"] =
      JsonObject{{"Test", JsonArray{Json("NONE")}}};  // it ends; nobody asks how it is
  JsonObject host;
  if (const Json* given = config.if_contains("HostConfig"); given && given->is_object())
    host = given->as_object();
  host["RestartPolicy"] = JsonObject{{"Name", "no"}};
  host["AutoRemove"] = false;  // it stays as evidence
  host.erase("PortBindings");
  if (apart) keep_apart(config, host, input);
  config["HostConfig"] = std::move(host);
  if (apart && !truth_at(input, "network")) task.endpoints.clear();
  return task;
}

/// Of a recorded version, the very image that it was run from.
const Image* recorded_image(const CompiledModel& model, const Container& task) {
  const auto found = std::ranges::find_if(model.images, [&](const Image& image) {
    return !image.id.empty() &&
           familiar_reference(image.reference) == familiar_reference(text_at(task.config, "Image"));
  });
  return found == model.images.end() ? nullptr : &*found;
}

Error image_missing(const Container& task) {
  return error("image.missing", fmt::format("image {} of task {} is not on the host",
                                            text_at(task.config, "Image"), task.service))
      .next("plan again")
      .passing();
}

/// Of the listed containers the one that runs with it, or with something inside of it; null: none.
const Json* user_of(const std::string& path, const Json& listed) {
  if (!listed.is_array()) return nullptr;
  for (const auto& container : listed.get_array()) {
    const auto state = text_at(container, "State");
    if (state == "exited" || state == "created" || state == "dead") continue;
    const Json* mounts = member(container, "Mounts");
    if (!mounts || !mounts->is_array()) continue;
    for (const auto& mount : mounts->get_array())
      if (lies_under(text_at(mount, "Source"), path)) return &container;
  }
  return nullptr;
}

Error harmed_under(const std::string& path, const Json& user) {
  const Json& labels = member_or_null(user, "Labels");
  const auto environment = text_at(labels, label::environment);
  const auto service = text_at(labels, label::service);
  const auto names = texts_at(user, "Names");
  const auto name = names.empty() ? text_at(user, "Id") : names.front().substr(1);
  return error(
             "object.harmed",
             fmt::format("{} is not as it was committed any more, and {} runs with it", path, name))
      .next(environment.empty() || service.empty()
                ? fmt::format("put it right, or end {}; then the same again", name)
                : fmt::format("reconciler restart {} {} makes it anew; then the same again",
                              environment, service))
      .passing();
}

}  // namespace

const Json& task_state(const Json& inspect) {
  return member_or_null(inspect, "State");
}

std::string task_of(const Attempt& attempt) {
  return attempt.work.targets.empty() ? text_at(attempt.work.input, "service")
                                      : attempt.work.targets[0].name;
}

std::string task_container(const Json& inspect) {
  auto name = text_at(inspect, "Name");
  return name.starts_with('/') ? name.substr(1) : name;
}

Duration time_for(const Json& input) {
  const auto given = number_at(input, "timeout_ms");
  return given > 0 ? Duration(given) : longest_task;
}

Status Task::create(const CompiledModel& model, const std::string& service,
                    const Grounds& grounds) {
  const Json& input = attempt_.work.input;
  const bool apart = attempt_.work.phase == Phase::preflight;
  if (!apart || truth_at(input, "volumes"))
    if (auto made = make_data(model, grounds.roots); !made) return made;
  const auto found = model.tasks.find(service);
  const Container* task = found != model.tasks.end() ? &found->second : nullptr;
  for (const auto& container : model.containers)
    if (!task && container.service == service) task = &container;
  if (!task)
    return failure(error("plan.stale", fmt::format("there is no task {} any more", service))
                       .next("plan again"));
  auto image =
      context_.engine.get("/images/" + url_encode(text_at(task->config, "Image")) + "/json",
                          context_.within(call_time));
  const bool missing = !image && image.error().code == "docker.not_found";
  if (const Image* recorded = recorded_image(model, *task);
      recorded && (missing || (image && text_at(*image, "Id") != recorded->id)))
    return failure(image_gone(*recorded));
  if (missing) return failure(image_missing(*task));
  if (!image) return failed(image);
  auto now = incarnation(context_, context_.within(call_time));
  if (!now) return failed(now);
  const Container own = with_command(*task, input, apart);
  if (auto whole = restore_objects(own, grounds); !whole) return whole;
  Creation creation;
  creation.environment = attempt_.environment;
  creation.lineage = attempt_.lineage;
  creation.attempt = attempt_.id;
  creation.image_id = text_at(*image, "Id");
  creation.roots = grounds.roots;
  creation.labels = {{std::string(label::oneoff), "True"},
                     {std::string(label::boot), *now},
                     {std::string(label::task), task_of(attempt_)}};
  auto lent = containers_lent(model, own);
  if (!lent) return failed(lent);
  creation.containers = std::move(*lent);
  auto body = creation_body(own, creation);
  if (!body) return failed(body);
  name_ = task_name(model, service, attempt_.id);
  const auto platform = own.platform.empty() ? "" : "&platform=" + url_encode(own.platform);
  auto made =
      context_.engine.change("POST", "/containers/create?name=" + url_encode(name_) + platform,
                             &*body, context_.within(call_time));
  // Taken away just then.
  if (!made && made.error().code == "docker.not_found" &&
      made.error().message.find("No such image") != std::string::npos)
    return failure(image_missing(*task));
  if (!made) return failed(made);
  id_ = text_at(*made, "Id");
  for (const auto& file : own.files)
    if (auto copied = put_file(context_, id_, file); !copied) return copied;
  for (size_t i = 1; i < own.endpoints.size(); ++i) {
    const Json connect =
        JsonObject{{"Container", id_}, {"EndpointConfig", own.endpoints[i].config}};
    auto done = context_.engine.change(
        "POST", "/networks/" + url_encode(own.endpoints[i].network) + "/connect", &connect,
        context_.within(call_time));
    if (!done) return failed(done);
  }
  return {};
}

/// What it mounts of the tree is as committed: what a release did with anything else would count as
/// done. Nothing is made anew under a container that runs: it would go on without it, and look as
/// wanted. Who only asks takes that as it is.
Status Task::restore_objects(const Container& own, const Grounds& grounds) const {
  auto harmed = harmed_objects(own);
  if (harmed.empty()) return {};
  auto running = context_.engine.get("/containers/json", context_.within(call_time));
  if (!running) return failed(running);
  const auto phase = attempt_.work.phase;
  const bool asks = phase == Phase::preflight || phase == Phase::verify;
  std::set<std::string> anew(harmed.begin(), harmed.end());
  for (const auto& path : harmed) {
    const Json* user = user_of(path, *running);
    if (user && !asks) return failure(harmed_under(path, *user));
    if (user) anew.erase(path);
  }
  if (anew.empty()) return {};
  return grounds.restore_objects({anew.begin(), anew.end()});
}

/// Ids of the services' containers that it refers to.
Result<std::map<std::string, std::string>> Task::containers_lent(const CompiledModel& model,
                                                                 const Container& own) {
  std::map<std::string, std::string> out;
  const auto from = lenders(own);
  for (const auto& container : model.containers) {
    if (!from.contains(container.service)) continue;
    auto there = inspect_container(context_.engine, container, context_.within(call_time));
    if (!there && there.error().code != "docker.not_found") return failed(there);
    if (there)
      out[fmt::format("@service:{}:{}", container.service, container.number)] =
          text_at(*there, "Id");
  }
  return out;
}

Status Task::is_alone(const CompiledModel& model) {
  const auto service = text_at(attempt_.work.input, "service");
  const bool serves =
      std::ranges::find(model.containers, service, &Container::service) != model.containers.end();
  return nobody_runs(context_, {model.project, service, !serves, id_, task_of(attempt_)});
}

Status Task::start() {
  return context_.engine.start(id_, context_.within(call_time));
}

Result<Outcome> Task::follow_again(const Json& inspect, Duration left, std::stop_token stop) {
  id_ = text_at(inspect, "Id");
  name_ = task_container(inspect);
  if (left > Duration{0} && truth_at(task_state(inspect), "Running"))
    progress_.line(fmt::format("waits for container {}, for {} at most", name_, for_people(left)));
  return follow(left, std::move(stop));
}

Result<Outcome> Task::follow(Duration left, std::stop_token stop) {
  const auto deadline = context_.within(left);
  if (auto passed = failpoint("task.waited.before"); !passed) return failed(passed);
  auto streamed = context_.engine.stream(
      "GET", "/containers/" + id_ + "/logs?follow=1&stdout=1&stderr=1", nullptr,
      [this](std::string_view line) { output_.add(line); }, deadline, stop);
  // A log driver that cannot be read, or an Engine that went away: the state tells all the same.
  const bool cut = stop.stop_requested() || deadline.passed(context_.clock);
  if (!streamed && !cut) progress_.line(printable(streamed.error().message));
  for (;;) {
    auto inspect = context_.engine.get("/containers/" + id_ + "/json", context_.within(call_time));
    if (!inspect && inspect.error().code == "docker.not_found") return gone();
    if (!inspect) return failed(inspect);
    const auto status = text_at(task_state(*inspect), "Status");
    if (status == "exited" || status == "dead") {
      if (auto passed = failpoint("task.waited.after"); !passed) return failed(passed);
      return judge(*inspect, streamed || read_the_rest());
    }
    const bool stopped =
        !context_.clock.wait_until(context_.clock.now() + std::chrono::milliseconds(200), stop);
    if (stopped || deadline.passed(context_.clock)) {
      auto evidence = output_.evidence(0);
      evidence.erase("exit_code");
      evidence["detail"] = stopped ? "still runs; what becomes of it is seen by the next run"
                                   : fmt::format("still runs after {}, in container {}",
                                                 for_people(time_for(attempt_.work.input)), name_);
      evidence["watch"] = "docker logs -f " + name_;
      evidence["end"] = "docker kill " + name_;
      return Outcome{Fate::running, Json(std::move(evidence))};
    }
  }
}

/// Somebody removed it: what it did until then is known to nobody.
Result<Outcome> Task::gone() {
  auto evidence = output_.evidence(0);
  evidence.erase("exit_code");
  evidence["detail"] = fmt::format("its container {} was removed while it ran", name_);
  return Outcome{Fate::unknown, Json(std::move(evidence))};
}

/// What was said after the stream broke off; false when nobody can read it any more.
bool Task::read_the_rest() {
  size_t known = output_.lines();
  return context_.engine
      .stream(
          "GET", "/containers/" + id_ + "/logs?stdout=1&stderr=1", nullptr,
          [&](std::string_view line) {
            if (known > 0)
              --known;
            else
              output_.add(line);
          },
          context_.within(call_time))
      .has_value();
}

/// What it said counts only where all of it was heard: else its exit code tells alone.
Result<Outcome> Task::judge(const Json& inspect, bool heard) {
  const auto code = number_at(task_state(inspect), "ExitCode");
  auto evidence = output_.evidence(code);
  if (truth_at(task_state(inspect), "OOMKilled")) evidence["detail"] = "out of memory";
  // An Engine that died as it ended may not have written down how: such a 0 is nobody's.
  const bool told = engine_time(text_at(task_state(inspect), "FinishedAt")).has_value();
  bool same = false;
  if (code != 0 || !told) {
    auto asked = is_of_this_incarnation(context_, inspect, context_.within(call_time));
    if (!asked) return failed(asked);
    same = *asked;
  }
  if (code == 0 && (told || same)) {
    if (const auto unmet = output_.unmet(); heard && !unmet.empty()) {
      evidence["detail"] = unmet;
      return Outcome{Fate::failed, Json(std::move(evidence))};
    }
    return Outcome{Fate::succeeded, Json(std::move(evidence))};
  }
  if (!same)
    evidence["detail"] =
        fmt::format("exit code {}, and Docker or the machine was started anew meanwhile", code);
  return Outcome{same ? Fate::failed : Fate::unknown, Json(std::move(evidence))};
}

Status Task::remove() {
  if (id_.empty()) return {};
  auto gone = context_.engine.change("DELETE", "/containers/" + id_ + "?force=true&v=true", nullptr,
                                     context_.within(call_time));
  if (!gone && gone.error().code != "docker.not_found") return failed(gone);
  return {};
}

}  // namespace reconciler::docker
