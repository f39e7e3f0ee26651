// What a simulated Engine's inspect tells of a container: what its create call asked for, with the
// image's configuration and the Engine's own defaults merged in.
#pragma once

#include "tests/simulation/engine.hpp"

namespace reconciler::simulation {

/// `image_config` may be null.
Json inspect(const SimulatedContainer& container, const Json& image_config);
/// As a list has its mounts: those that were bound from the host.
Json binds_of(const SimulatedContainer& container);
/// As the Engine writes times; its year 1 for 0.
std::string engine_time(std::int64_t seconds);

}  // namespace reconciler::simulation
