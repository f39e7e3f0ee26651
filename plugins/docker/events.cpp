#include "plugins/docker/events.hpp"

#include <fmt/format.h>

#include "plugins/docker/services/names.hpp"

namespace reconciler::docker {
namespace {

using namespace std::chrono_literals;
constexpr Duration answer_time{10s};
/// Then the stream is begun anew: whatever was lost of it is looked for.
constexpr Duration listens_for{1h};

/// What changes what a look sees, health aside, which is no drift. No more: each check of a health
/// check is an event as well.
std::string question(WallTime since) {
  const Json filters = JsonObject{
      {"type", JsonArray{"container"}},
      {"label", JsonArray{Json(label::project)}},
      {"event", JsonArray{"start", "die", "pause", "unpause", "rename", "update", "destroy"}}};
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

std::vector<Heard> heard_in(std::string_view line, const Projects& projects) {
  const auto event = parse_json(line);
  if (!event) return {Heard{}};
  const Json& about = member_or_null(member_or_null(*event, "Actor"), "Attributes");
  const auto name = text_at(about, "name");
  // Those that we start have earned their names by then, or are still to.
  const bool beside = text_at(*event, "Action") == "start" &&
                      (name.ends_with(prev_name("")) || name.ends_with(failed_name("")));
  if (auto id = parse_environment_id(text_at(about, label::environment)))
    return {Heard{std::move(*id), beside}};
  std::vector<Heard> all;
  for (const auto& id : projects.of(text_at(about, label::project)))
    all.push_back(Heard{id, beside});
  return all;
}

Status watch_containers(Engine& engine, const Projects& projects,
                        const std::function<void(const Heard&)>& heard,
                        const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const Clock& clock = engine.clock();
    // What happens between the look that this brings about and the stream's beginning is in both.
    const WallTime since = clock.wall() - 1s;
    if (auto there = engine.get("/version", Deadline(clock, answer_time)); !there)
      return failed(there);
    heard({});
    auto ended = engine.stream(
        "GET", question(since), nullptr,
        [&](std::string_view line) {
          for (const auto& one : heard_in(line, projects)) heard(one);
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
