// Compose as a person runs it, with an environment's project, files and variables given: what
// looks, or works inside a container that runs. What would change what runs beside the plan is
// refused.
#pragma once

#include <map>
#include <string>

#include "reconciler/driver/passthrough.hpp"

namespace reconciler::docker {

/// `usage`: the subcommand is not one that is passed on; the hint names what to use instead.
Status may_pass(const EnvironmentId& id, const std::vector<std::string>& arguments,
                bool to_terminal);

/// Where Compose and the Engine are, and what it may know of whoever runs it.
struct PassWith {
  std::string plugin;
  std::string socket;
  std::map<std::string, std::string>
      own;  ///< our environment: PATH, HOME, TERM and alike are taken
};

/// Compose with `request.arguments`. What read_stack() says; may_pass() is not asked again.
Result<Command> compose_command(const PassRequest& request, const PassWith& with);

}  // namespace reconciler::docker
