// What `compose` asks an engine's plugin: the engine's own program, told where an environment's
// project, files and variables are. Beside the drivers (driver.hpp): nothing of a plan is in it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "reconciler/base/process.hpp"
#include "reconciler/base/result.hpp"
#include "reconciler/driver/driver.hpp"
#include "reconciler/model/variables.hpp"

namespace reconciler {

struct PassRequest {
  Request request;  ///< the environment, as `prepare` gets it
  Variables variables;
  std::vector<std::string> arguments;  ///< as a person typed them
  bool to_terminal = false;            ///< a person reads what it prints
};

/// What to run in the place of this process: `usage` for what would go round the plan, with what to
/// use instead. Values of variables are in its environment, and in no argument. Limits of the
/// Command do not count: a person ends it.
using Passthrough = std::function<Result<Command>(const PassRequest&)>;

/// May that be passed on at all? Asked first: a refusal needs no tree, no variables and no engine.
using MayPass = std::function<Status(const EnvironmentId&,
                                     const std::vector<std::string>& arguments, bool to_terminal)>;

struct Passing {
  MayPass may;
  Passthrough command;
};

}  // namespace reconciler
