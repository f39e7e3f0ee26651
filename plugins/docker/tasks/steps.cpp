#include "plugins/docker/tasks/steps.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "plugins/docker/services/mounts.hpp"
#include "plugins/docker/services/moves.hpp"
#include "plugins/docker/services/names.hpp"
#include "reconciler/base/expression.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

ResourceId named(std::string_view kind, const std::string& name) {
  return {std::string(driver_name), std::string(kind), name};
}

const Container* container_of(const CompiledModel& model, const std::string& service) {
  for (const auto& container : model.containers)
    if (container.service == service) return &container;
  return nullptr;
}

class Reader {
 public:
  Reader(const Request& request, const CompiledModel& model, const Variables& variables)
      : request_(request), model_(model), variables_(variables) {}

  Result<Steps> read() {
    add_all(member(request_.sections, "preflight"), "#/preflight", Phase::preflight);
    add_all(member(request_.sections, "backup"), "#/backup", Phase::backup);
    add_all(member(request_.sections, "restore"), "#/restore", Phase::release, Once::asked);
    add_all(member(request_.sections, "release"), "#/release", Phase::release);
    out_.steps.push_back(all_services());
    const Json* verify = member(request_.sections, "verify");
    add_all(verify ? member(*verify, "checks") : nullptr, "#/verify/checks", Phase::verify);
    const auto kept = texts_at(request_.sections, "protect");
    for (size_t i = 0; i < kept.size(); ++i)
      if (!container_of(model_, kept[i])) note_unknown(kept[i], fmt::format("#/protect/{}", i));
    if (!errors_.empty()) return failure(gather(std::move(errors_)));
    return std::move(out_);
  }

 private:
  static constexpr std::array<std::string_view, 4> kinds{"run", "exec", "logs", "service"};

  void add_all(const Json* list, const std::string& pointer, Phase phase, Once once = Once::never) {
    if (!list || !list->is_array()) return;
    for (size_t i = 0; i < list->as_array().size(); ++i)
      add(list->as_array()[i], fmt::format("{}/{}", pointer, i), phase, once);
  }

  void add(const Json& value, const std::string& pointer, Phase phase, Once once) {
    for (const auto kind : kinds) {
      const auto target = text_at(value, kind);
      if (target.empty()) continue;
      const auto known = errors_.size();
      check_target(std::string(kind), target, pointer);
      check_expectations(value, pointer);
      if (errors_.size() != known) return;
      if (phase == Phase::backup || once == Once::asked)
        out_.steps.push_back(of_backups(value, target, phase, once));
      else
        out_.steps.push_back(step(value, std::string(kind), target, pointer, phase));
      return;
    }
  }

  void check_target(const std::string& kind, const std::string& target,
                    const std::string& pointer) {
    if (kind == "logs" && target == "*") return;
    const bool there =
        container_of(model_, target) || (kind == "run" && model_.tasks.contains(target));
    if (!there) note_unknown(target, pointer + "/" + kind);
  }

  void note_unknown(const std::string& service, const std::string& pointer) {
    std::vector<std::string> names;
    for (const auto& container : model_.containers) names.push_back(container.service);
    for (const auto& [name, task] : model_.tasks) names.push_back(name);
    Error e = error("compose.service_unknown",
                    fmt::format("no service \"{}\" at {}", service, request_.tag))
                  .at({.file = pointer, .source = ""});
    if (const auto near = nearest(service, names))
      e.hint = fmt::format("did you mean \"{}\"?", *near);
    else if (!names.empty())
      e.hint = "there are " + enumerate(names);
    errors_.push_back(std::move(e));
  }

  void check_expectations(const Json& value, const std::string& pointer) {
    const auto note = [&](Error why, const char* key) {
      errors_.push_back(std::move(why).at({.file = pointer + "/" + key, .source = ""}));
    };
    if (const auto forbid = text_at(value, "forbid"); !forbid.empty())
      if (auto compiled = Expression::compile(forbid); !compiled)
        note(std::move(compiled.error()), "forbid");
    if (auto filled = fill(text_at(value, "contains"), lookup_in(variables_)); !filled)
      note(std::move(filled.error()), "contains");
  }

  Step step(const Json& value, const std::string& kind, const std::string& target,
            const std::string& pointer, Phase phase) {
    Step step;
    step.name = text_at(value, "name", target);
    step.shown = fmt::format("{} {}", kind, target);
    step.warn = truth_at(value, "warn");
    if (phase == Phase::release && text_at(value, "when") == "after") phase = Phase::after;
    const bool asks = phase == Phase::verify || phase == Phase::preflight;
    Work& work = step.work;
    work.phase = phase;
    work.verb = verb_of(phase);
    work.targets = {named("task", step.name)};
    work.input = input_of(value, kind, target);
    auto once = text_at(value, "once");
    if (once.empty() && kind == "run" && !asks) once = "tag";
    if (once == "tag") {
      if (kind != "run")
        errors_.push_back(
            error("step.needs_container",
                  fmt::format("\"{}\" cannot be once: tag: only a container of its own tells what "
                              "became of it",
                              step.name))
                .at({.file = pointer + "/once", .source = ""})
                .next("write run instead of exec, or once: switch"));
      step.once = Once::tag;
      step.once_key = fmt::format("{}/{}@{}{}", request_.id.text(), step.name, request_.tag,
                                  request_.tree.commit.empty() ? "" : "+" + request_.tree.commit);
      work.effect = Effect::once;
    } else if (once == "switch") {
      step.once = Once::change;
    }
    if (kind == "run") add_run(value, target, asks, step);
    if (kind == "exec") {
      work.calls = exec_calls(target);
      // A preflight is of what runs already.
      if (phase != Phase::preflight) work.needs.push_back(service_id(target));
    }
    if (!asks && phase != Phase::after) out_.required.insert(work.needs.begin(), work.needs.end());
    return step;
  }

  static std::string verb_of(Phase phase) {
    if (phase == Phase::verify) return "verify";
    return phase == Phase::preflight ? "preflight" : "release";
  }

  std::vector<std::string> exec_calls(const std::string& service) const {
    const auto* container = container_of(model_, service);
    return {"POST /containers/exec " + container->name, "POST /exec/start " + container->name};
  }

  /// The backup, or what brings one back; where its files lie is filled in when it is planned.
  Step of_backups(const Json& value, const std::string& service, Phase phase, Once once) {
    Step step;
    step.name = once == Once::asked ? "restore" : "backup";
    step.shown = service;
    step.once = once;
    step.work.phase = phase;
    step.work.verb = step.name;
    step.work.targets = {named("task", step.name)};
    step.work.input = input_of(value, step.name, service);
    step.work.calls = exec_calls(service);
    step.work.needs.push_back(service_id(service));
    if (once == Once::asked) return step;
    // Only once all that it was made for is done: what failed is tried again, with a backup each
    // time.
    Work gone;
    gone.phase = Phase::prune;
    gone.verb = "prune";
    gone.targets = {named("backups", "backups")};
    gone.input =
        JsonObject{{"kind", "backups"}, {"keep", number_at(value, "keep")}, {"model", model_.key}};
    step.then.push_back(std::move(gone));
    return step;
  }

  Json input_of(const Json& value, const std::string& kind, const std::string& target) const {
    JsonObject input{{"kind", kind}, {"service", target}, {"model", model_.key}};
    for (const std::string_view key : {"command", "depends_on", "contains", "forbid", "lines",
                                       "warn", "timeout_ms", "network", "volumes"})
      if (const Json* given = member(value, key); given && !given->is_null()) input[key] = *given;
    return Json(std::move(input));
  }

  void add_run(const Json& value, const std::string& target, bool asks, Step& step) {
    const auto task = model_.tasks.find(target);
    const Container* container =
        task != model_.tasks.end() ? &task->second : container_of(model_, target);
    if (!container) return;  // check_target has said so
    const auto name = task_name(model_, target, "*");
    Work& work = step.work;
    work.calls = {"POST /containers/create " + name};
    for (size_t i = 0; i < container->files.size(); ++i)
      work.calls.push_back("PUT /containers/archive " + name);
    const bool apart = work.phase == Phase::preflight;
    for (size_t i = 1; i < container->endpoints.size(); ++i)
      if (!apart || truth_at(work.input, "network"))
        work.calls.push_back("POST /networks/connect " + container->endpoints[i].network + " " +
                             name);
    work.calls.push_back("POST /containers/start " + name);
    Work gone;
    gone.phase = Phase::prune;
    gone.verb = "prune";
    gone.targets = {named("task-container", step.name)};
    gone.input = JsonObject{{"task", step.name}, {"service", target}, {"model", model_.key}};
    gone.calls = {"DELETE /containers " + name};
    if (asks) {
      work.calls.push_back("DELETE /containers " + name);
      work.needs = {image_id(text_at(container->config, "Image"))};
      // Who only asks, outside of any run, makes no container.
      if (work.phase == Phase::verify) step.then.push_back(std::move(gone));
      return;
    }
    const auto before = texts_at(value, "depends_on");
    work.needs = before.empty() ? needs_of(model_, *container) : bare_needs_of(model_, *container);
    for (const auto& service : before)
      for (auto& id : service_ids(model_, service)) work.needs.push_back(std::move(id));
    step.then.push_back(std::move(gone));
  }

  Step all_services() const {
    Step step;
    step.name = "services";
    step.shown = count(model_.containers.size(), "service");
    step.work.phase = Phase::verify;
    step.work.verb = "verify";
    step.work.targets = {named("task", "services")};
    step.work.input = JsonObject{{"kind", "services"}, {"model", model_.key}};
    return step;
  }

  const Request& request_;
  const CompiledModel& model_;
  const Variables& variables_;
  Steps out_;
  std::vector<Error> errors_;
};

}  // namespace

Result<Steps> steps_of(const Request& request, const CompiledModel& model,
                       const Variables& variables) {
  return Reader(request, model, variables).read();
}

std::string task_name(const CompiledModel& model, const std::string& service,
                      const std::string& attempt) {
  return fmt::format("{}-{}-run-{}", model.project, service, attempt);
}

}  // namespace reconciler::docker
