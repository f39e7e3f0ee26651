// Compiled models that were made before, sealed, each under a key that changes with anything it was
// made from.
#pragma once

#include <string>

#include "plugins/docker/compose/compiler.hpp"

namespace reconciler::docker {

/// The digest of all inputs under the installation key. Stats and small reads only; no process.
Result<std::string> cache_key(const CompileInput& input, const Variables& variables,
                              const std::string& plugin, const std::string& api_version,
                              const InstallationKey& key);

/// `cache.missing`, `seal.broken`, `cache.broken`.
Result<CompiledModel> load_model(const std::string& folder, const std::string& name,
                                 const InstallationKey& key);
Status store_model(const std::string& folder, const CompiledModel& model,
                   const InstallationKey& key);

}  // namespace reconciler::docker
