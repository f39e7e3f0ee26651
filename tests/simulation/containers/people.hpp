// What people do to containers with the docker command, past the program.
#pragma once

#include <string>

#include "tests/simulation/containers/machine.hpp"

namespace reconciler::simulation {

/// `docker compose up -d` of a version: what is right stays, all else of the project's services is
/// made anew, by Compose. `of_version_1`: by version 1 of it, which has other names. False where
/// the version does not build.
bool compose_up(Machine& machine, const std::string& tag, const InstallationKey& key,
                bool of_version_1);
/// `docker rename`, where nobody has that name.
void rename(Machine& machine, SimulatedContainer& container, const std::string& name);
/// `docker rm -f`, volumes stay.
void remove(Machine& machine, const std::string& id);
/// `docker image prune -a`, but for what is none of the application's; whether any went.
bool prune_images(Machine& machine);

}  // namespace reconciler::simulation
