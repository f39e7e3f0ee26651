// The Compose projects of the host, as their containers' labels tell; made by version 1 or 2.
#pragma once

#include <string>
#include <vector>

#include "plugins/docker/client/engine.hpp"
#include "reconciler/base/clock.hpp"

namespace reconciler::docker {

struct RunningContainer {
  std::string service;
  std::string image;  ///< as its maker wrote it, or an ID where that name is another's by now
  bool up = false;
};

struct RunningProject {
  std::string name;
  std::string version;  ///< of the Compose that made it
  std::string folder;
  std::vector<std::string> files;            ///< absolute
  std::vector<std::string> env_files;        ///< absolute
  std::vector<RunningContainer> containers;  ///< of services, no one-offs
  bool ours = false;                         ///< made by a reconciler
};

/// By name. `docker.*`.
Result<std::vector<RunningProject>> projects_on_host(Engine& engine, Deadline deadline);

/// Made from that folder, or from a compose file that lies in it.
bool is_from(const RunningProject& project, const std::string& folder);

}  // namespace reconciler::docker
