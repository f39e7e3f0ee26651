// `compose`: the engine's own program, with an environment's project, files and variables given.
#pragma once

#include "reconciler/cli/commands.hpp"
#include "reconciler/driver/passthrough.hpp"

namespace reconciler::cli {

void add_compose(CLI::App& app, Context& context, Passing passing, Verb& chosen);

}  // namespace reconciler::cli
