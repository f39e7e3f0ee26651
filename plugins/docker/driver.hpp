// The driver "compose": services, networks, volumes, images and tasks of a Compose project, on the
// Docker Engine. See README.md.
#pragma once

#include <memory>

#include "plugins/docker/events.hpp"
#include "plugins/docker/services/context.hpp"
#include "reconciler/driver/driver.hpp"

namespace reconciler::docker {

/// `engine`, `compiler` and `clock` outlive the driver. `key` keys fingerprints: what stands for a
/// secret value in a plan is a digest that only this installation can make. `shared` is one
/// for all drivers of the process.
std::unique_ptr<Driver> make_docker_driver(
    Engine& engine, Compiler& compiler, Clock& clock, InstallationKey key, DockerPaths paths,
    std::shared_ptr<Shared> shared = std::make_shared<Shared>());

}  // namespace reconciler::docker
