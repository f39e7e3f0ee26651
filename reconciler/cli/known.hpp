// The environment that a command means which needs the ledger alone, not the repository.
#pragma once

#include <string>

#include "reconciler/ledger/ledger.hpp"

namespace reconciler::cli {

/// `APP/ENV`, or `ENV` where one environment alone of the ledger has that name: `env.unknown`,
/// `env.ambiguous`, `name.invalid`.
Result<EnvironmentId> known_environment(const Ledger& ledger, const std::string& name);

}  // namespace reconciler::cli
