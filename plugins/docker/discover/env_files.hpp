// Env files that the values of the variables come from. Only their paths are looked at.
#pragma once

#include <string>
#include <vector>

#include "plugins/docker/discover/checkout.hpp"
#include "plugins/docker/discover/running.hpp"
#include "reconciler/base/json.hpp"
#include "reconciler/driver/discover.hpp"

namespace reconciler::docker {

/// Absolute paths of those that Compose reads for what runs; else `.env`; else the first of those
/// that people call the one of production.
std::vector<std::string> likely_env_files(const std::string& folder, const RunningProject* running);

/// Fills env_files with these, and with what the services' own `env_file` names and git has not.
void add_env_files(const std::vector<std::string>& paths, const Json& written,
                   const std::string& folder, const Checkout& checkout, Discovered& into);

}  // namespace reconciler::docker
