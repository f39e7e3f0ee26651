// Which variables may be handed to Compose.
#pragma once

#include <string>

#include "reconciler/base/result.hpp"
#include "reconciler/model/variables.hpp"

namespace reconciler::docker {

/// All at once: `compose.env_redirect` for those that would steer Compose, the Docker client or the
/// program loader instead of the stack; `variables.too_long` for one that no process can be given.
Status check_variables(const Variables& variables, const std::string& project);

}  // namespace reconciler::docker
