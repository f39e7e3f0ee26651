// What `doctor` is told: the Engine, Compose, the docker command, and the disk that images lie on.
#pragma once

#include <vector>

#include "plugins/docker/services/context.hpp"
#include "reconciler/driver/driver.hpp"

namespace reconciler::docker {

/// Asks the Engine, and both Composes for their versions; changes nothing.
std::vector<Finding> check_docker(const Context& context, Deadline deadline);

}  // namespace reconciler::docker
