// How a container does, in words and as health.
#pragma once

#include <optional>
#include <string>

#include "plugins/docker/services/place.hpp"
#include "reconciler/base/clock.hpp"

namespace reconciler::docker {

/// `running`, `exited 137`, `paused`, `finished`, `not there`.
std::string state_of(const Place& place);
Health health_of(const Place& place);
/// It was started again by the Engine a moment ago: it does not stay up.
bool keeps_restarting(const Place& place, WallTime now);
/// For `status`, columns with a tab between: `v1.1.0`, `9c41e07d`, `healthy`, `up 6 d`, `restarts
/// 0`, and what is to be known besides: `OOM killed`.
std::string summary_of(const Place& place, WallTime now);
/// The Engine's `2026-11-21T11:11:45.25Z`; nothing for its zero time or other text.
std::optional<WallTime> engine_time(std::string_view text);
/// The first 8 digits of an ID, its algorithm aside.
std::string short_id(std::string_view id);

}  // namespace reconciler::docker
