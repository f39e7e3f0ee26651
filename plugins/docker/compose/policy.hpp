// What the host's owner allows, held against the compiled record, where nothing can hide.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "plugins/docker/compose/compiler.hpp"
#include "plugins/docker/compose/record.hpp"
#include "plugins/docker/compose/tree.hpp"

namespace reconciler::docker {

struct PolicyInput {
  EnvironmentId id;
  Json policy;       ///< host file's: binds, docker_socket, privileged, host_network, capabilities,
                     ///< devices, external
  std::string data;  ///< this environment's data folder
  std::set<std::string> objects;  ///< those of this stack; mounted read-only only
  std::string socket;             ///< the Engine's own
};

/// Denies by default; all refusals at once, `compose.policy_denied`: a fact a refusal, and the
/// block that would allow them as the hint. Host namespaces other than the network's, and
/// unconfined containers, need `privileged`.
Status check_policy(const Record& record, const Json& resolved, const Tree& tree,
                    const PolicyInput& input);

}  // namespace reconciler::docker
