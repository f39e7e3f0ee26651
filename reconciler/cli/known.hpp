// The environment that a command means which needs the ledger alone, not the repository.
#pragma once

#include <string>

#include "reconciler/cli/context.hpp"

namespace reconciler::cli {

struct Known {
  Ledger& ledger;
  EnvironmentId id;
};

/// `APP/ENV`, or `ENV` where one environment alone of the ledger has that name: `env.unknown`,
/// `env.ambiguous`, `name.invalid`.
Result<Known> known_environment(Context& context, const std::string& name);

}  // namespace reconciler::cli
