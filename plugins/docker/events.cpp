#include "plugins/docker/events.hpp"

#include <fmt/format.h>

#include "plugins/docker/services/names.hpp"

namespace reconciler::docker {
namespace {

using namespace std::chrono_literals;
constexpr Duration answer_time{10s};
/// Then the stream is begun anew: whatever was lost of it is looked for.
constexpr Duration listens_for{1h};

/// What changes what a container's inspect shows. No more: each check of a health check is an event
/// as well. A network's tell no label of the container that comes or goes.
std::string question(WallTime since) {
  const Json filters =
      JsonObject{{"type", JsonArray{"container", "network"}},
                 {"event", JsonArray{"start", "die", "pause", "unpause", "rename", "update",
                                     "destroy", "health_status", "connect", "disconnect"}}};
  return fmt::format("/events?since={}&filters={}", since.time_since_epoch().count(),
                     url_encode(canonical(filters)));
}

}  // namespace

void Projects::belongs(const std::string& project, const EnvironmentId& id) {
  const std::lock_guard lock(mutex_);
  projects_[id] = project;
}

std::set<EnvironmentId> Projects::of(const std::string& project) const {
  const std::lock_guard lock(mutex_);
  std::set<EnvironmentId> ids;
  for (const auto& [id, own] : projects_)
    if (own == project) ids.insert(id);
  return ids;
}

std::vector<Heard> take_up(std::string_view line, Shared& shared) {
  const auto event = parse_json(line);
  if (!event) {
    shared.inspected.all_changed();
    return {Heard{}};
  }
  const Json& actor = member_or_null(*event, "Actor");
  const Json& about = member_or_null(actor, "Attributes");
  const bool of_network = text_at(*event, "Type") == "network";
  const auto container = of_network ? text_at(about, "container") : text_at(actor, "ID");
  const auto project =
      of_network ? shared.inspected.project_of(container) : text_at(about, label::project);
  shared.inspected.changed(container);
  const auto action = text_at(*event, "Action");
  if (action.starts_with("health_status")) return {};  // that is no drift
  const auto name = text_at(about, "name");
  // Those that we start have earned their names by then, or are still to.
  const bool beside =
      action == "start" && (name.ends_with(prev_name("")) || name.ends_with(failed_name("")));
  if (auto id = parse_environment_id(text_at(about, label::environment)))
    return {Heard{std::move(*id), beside}};
  std::vector<Heard> all;
  for (const auto& id : shared.projects.of(project)) all.push_back(Heard{id, beside});
  return all;
}

namespace {

/// The stream as it is heard once: nothing is kept before and after.
class Listening {
 public:
  explicit Listening(Inspected& inspected) : inspected_(inspected) { inspected_.listening(); }
  ~Listening() { inspected_.lost(); }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

 private:
  Inspected& inspected_;
};

}  // namespace

Status watch_containers(Engine& engine, Shared& shared,
                        const std::function<void(const Heard&)>& heard,
                        const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const Clock& clock = engine.clock();
    // What happens between the look that this brings about and the stream's beginning is in both.
    const WallTime since = clock.wall() - 1s;
    if (auto there = engine.get("/version", Deadline(clock, answer_time)); !there)
      return failed(there);
    const Listening listening(shared.inspected);
    heard({});
    auto ended = engine.stream(
        "GET", question(since), nullptr,
        [&](std::string_view line) {
          for (const auto& one : take_up(line, shared)) heard(one);
        },
        Deadline(clock, listens_for), stop);
    if (stop.stop_requested()) break;
    if (ended)
      return failure(
          error("docker.unreachable", "the Engine has ended its stream of events").passing());
    if (ended.error().code != "docker.timeout") return ended;
  }
  return {};
}

}  // namespace reconciler::docker
