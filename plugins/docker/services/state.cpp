#include "plugins/docker/services/state.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <ctime>

#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

/// After that long the Engine itself takes a start for one that went well.
constexpr auto steady = std::chrono::seconds(10);

const Json& state_json(const Seen& seen) {
  static const Json nothing;
  const Json* state = member(seen.inspect, "State");
  return state ? *state : nothing;
}

std::string health_word(const Seen& seen) {
  const Json* health = member(state_json(seen), "Health");
  return health ? text_at(*health, "Status") : "";
}

std::string tag_of(std::string_view reference) {
  const auto colon = reference.rfind(':');
  const auto slash = reference.rfind('/');
  if (colon == std::string_view::npos || (slash != std::string_view::npos && colon < slash))
    return "latest";
  return std::string(reference.substr(colon + 1));
}

}  // namespace

std::string state_of(const Place& place) {
  if (!place.current) return "not there";
  const auto now = place.current->state();
  if (place.finished()) return "finished";
  if (now == "exited" || now == "dead")
    return fmt::format("{} {}", now, place.current->exit_code());
  return now;
}

Health health_of(const Place& place) {
  if (!place.current) return Health::unknown;
  if (place.finished()) return Health::well;
  if (place.current->state() != "running") return Health::unwell;
  if (place.wanted->job) return Health::starting;
  const auto word = health_word(*place.current);
  if (word == "healthy") return Health::well;
  if (word == "unhealthy") return Health::unwell;
  return word == "starting" ? Health::starting : Health::none;
}

bool keeps_restarting(const Place& place, WallTime now) {
  if (!place.current || place.current->state() != "running") return false;
  if (number_at(place.current->inspect, "RestartCount") == 0) return false;
  const auto since = engine_time(text_at(state_json(*place.current), "StartedAt"));
  return since && now - *since < steady;
}

std::string summary_of(const Place& place, WallTime now) {
  if (!place.current) return "\t\tnot there";
  const Seen& seen = *place.current;
  const Json* config = member(seen.inspect, "Config");
  const auto reference = config ? text_at(*config, "Image") : "";
  const auto word = health_word(seen);
  std::string up;
  if (const auto since = engine_time(text_at(state_json(seen), "StartedAt")); since && seen.up())
    up = "up " + for_people(std::max(Duration::zero(), Duration(now - *since)));
  std::vector<std::string> columns{
      tag_of(reference), short_id(seen.image_id()),
      word.empty() || !seen.up() ? state_of(place) : word, std::move(up),
      fmt::format("restarts {}", number_at(seen.inspect, "RestartCount"))};
  if (truth_at(state_json(seen), "OOMKilled")) columns.emplace_back("OOM killed");
  return join(columns, "\t");
}

std::optional<WallTime> engine_time(std::string_view text) {
  std::tm parts{};
  const std::string whole(text.substr(0, 19));
  if (whole.size() != 19 || whole.starts_with("0001-")) return std::nullopt;
  if (std::sscanf(whole.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d", &parts.tm_year, &parts.tm_mon,
                  &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec) != 6)
    return std::nullopt;
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  return WallTime(std::chrono::seconds(::timegm(&parts)));
}

std::string short_id(std::string_view id) {
  const auto colon = id.find(':');
  return std::string(id.substr(colon == std::string_view::npos ? 0 : colon + 1).substr(0, 8));
}

}  // namespace reconciler::docker
