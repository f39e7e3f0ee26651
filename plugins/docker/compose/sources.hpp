// Where the things that a stack mounts from beside its compose file really lie: git's content as
// objects, the host file's places, and the environment's data (ENGINE rules 2, 12, 13, 15).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plugins/docker/compose/objects.hpp"
#include "plugins/docker/compose/stack.hpp"
#include "reconciler/base/json.hpp"

namespace reconciler::docker {

struct Sources {
  std::map<std::string, std::string> objects;  ///< objects/OID -> path in the tree
  std::vector<std::string> data_folders;
  std::map<std::string, std::string> data_seeds;  ///< data folder -> objects/OID that fills it once
};

/// Rewrites every bind source and every file of secrets and configs of the model that lies in the
/// tree. `data`: the environment's data folder; `declared`: the manifest's `data:`. All mistakes at
/// once: `compose.source_missing`, `path.symlink`, `path.escape`, `compose.unsupported`.
Result<Sources> place_sources(Json& model, const Tree& tree, const Objects& objects,
                              const std::string& data, const std::vector<std::string>& declared,
                              const Stack& stack);

/// A data folder or a bind root may hold links that a container made: true when `path` leads
/// through one below `root`. To be asked before each creation.
bool leads_through_link(const std::string& path, const std::string& root);

}  // namespace reconciler::docker
