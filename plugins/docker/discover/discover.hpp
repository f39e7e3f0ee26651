// What `init` finds out of a Compose stack, running or not: by looking at its folder, at git, at
// the scripts beside it, at the Engine, and by having Compose read the files.
#pragma once

#include "plugins/docker/client/engine.hpp"
#include "reconciler/driver/discover.hpp"

namespace reconciler::docker {

/// `compose_plugin`: as find_compose gives it; its error is what comes of it where Compose is
/// missing. `init.no_compose_file`, `init.ambiguous`, `compose.invalid`, `docker.*`.
Result<Discovered> discover(Engine& engine, const Result<std::string>& compose_plugin,
                            const DiscoverRequest& request, std::stop_token stop);

}  // namespace reconciler::docker
