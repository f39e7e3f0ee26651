// Work as docker and compose lines that a person could type.
#pragma once

#include <string>
#include <vector>

#include "plugins/docker/compose/model.hpp"
#include "reconciler/model/resource.hpp"

namespace reconciler::docker {

/// The declared calls of `work`, a line each where the docker command has one; what has none is
/// said in a comment. `files` are the compose files as the manifest names them; none: Compose finds
/// them. `model` is null where it is not here any more.
std::vector<std::string> commands_of(const CompiledModel* model,
                                     const std::vector<std::string>& files, const Work& work);

}  // namespace reconciler::docker
