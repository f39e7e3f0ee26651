// Which keys of a compose file are carried out. What is not listed is refused by name, before
// Compose is asked to do anything with the model: compiling some keys would run the repository's
// programs.
#pragma once

#include <vector>

#include "plugins/docker/compose/stack.hpp"
#include "reconciler/base/json.hpp"

namespace reconciler::docker {

/// The keys of the written files, as far as they tell by themselves (top level and services): so
/// that the message has file and line, and so that Compose never sees them.
std::vector<Error> check_written(const Stack& stack);

/// The resolved model, whole: `compose.unsupported`, each with the place where it is written.
std::vector<Error> check_resolved(const Json& model, const Stack& stack);

}  // namespace reconciler::docker
