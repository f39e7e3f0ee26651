#include <fmt/format.h>

#include "plugins/docker/services/mover.hpp"
#include "plugins/docker/services/names.hpp"

namespace reconciler::docker {
namespace {

constexpr Duration pause = std::chrono::milliseconds(200);
constexpr Duration answer_time = std::chrono::seconds(10);  // a wait that ends says how it ended

/// It does not run again by itself.
bool stays_down(const Json& inspect) {
  const auto policy =
      text_at(member_or_null(member_or_null(inspect, "HostConfig"), "RestartPolicy"), "Name");
  return policy.empty() || policy == "no";
}

/// Empty when the condition holds; else how it is, in a few words. `over`: it cannot hold any more.
std::string unmet(const Json& inspect, const Dependency& on, bool& over) {
  const Json* state = member(inspect, "State");
  const auto status = state ? text_at(*state, "Status") : "gone";
  const Json* health = state ? member(*state, "Health") : nullptr;
  if (on.condition == "service_completed_successfully") {
    if (status != "exited") return status;
    const auto code = number_at(*state, "ExitCode");
    over = code != 0;
    return code == 0 ? "" : fmt::format("exited {}", code);
  }
  if (status == "exited") {
    over = stays_down(inspect);
    return fmt::format("exited {}", number_at(*state, "ExitCode"));
  }
  if (status != "running") return status;
  if (on.condition != "service_healthy" || !health) return "";
  const auto well = text_at(*health, "Status");
  return well == "healthy" || well == "none" ? "" : well;
}

/// What it is called, whatever it should be.
std::string name_in(const Json& inspect) {
  const auto name = text_at(inspect, "Name");
  return name.substr(name.starts_with('/') ? 1 : 0);
}

}  // namespace

Status await_dependencies(Context& context, const CompiledModel& model,
                          const std::vector<Dependency>& dependencies, Progress& progress,
                          Deadline deadline, std::stop_token stop) {
  // None of an inactive profile: Compose leaves it out as well.
  std::vector<std::pair<const Dependency*, const Container*>> awaited;
  for (const auto& on : dependencies)
    for (const auto& container : model.containers)
      if (container.service == on.service) awaited.emplace_back(&on, &container);
  for (const auto& [dependency, container] : awaited) {
    const Dependency& on = *dependency;
    std::string before;
    for (;;) {
      auto now = inspect_container(context.engine, *container, context.within(answer_time));
      if (!now && now.error().code != "docker.not_found") return failed(now);
      if (!now && !on.required) break;
      bool over = false;
      const auto how = now ? unmet(*now, on, over) : std::string("not there");
      if (how.empty()) break;
      if (how != before) progress.line(fmt::format("waits for {}: {}", on.service, how));
      before = how;
      if (over || deadline.passed(context.clock))
        return failure(
            error("service.dependency_unwell",
                  fmt::format("service {} is {}, wanted {}", on.service, how,
                              on.condition == "service_healthy"                  ? "healthy"
                              : on.condition == "service_completed_successfully" ? "exited 0"
                                                                                 : "running"))
                .next(now ? "docker logs " + name_in(*now)
                          : "docker ps -a --filter label=com.docker.compose.project=" +
                                model.project)
                .passing());
      if (!context.clock.wait_until(context.clock.now() + pause, stop))
        return failure(
            error("apply.stopped", "stopped while waiting, before the switch").passing());
    }
  }
  return {};
}

}  // namespace reconciler::docker
