// What services, images and tasks all need: the Engine, the clock, the key, the paths.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "plugins/docker/client/engine.hpp"
#include "plugins/docker/compose/compiler.hpp"
#include "plugins/docker/services/look.hpp"
#include "reconciler/base/sealed.hpp"

namespace reconciler::docker {

/// For what an Engine does at once, on a host whose disk is busy.
inline constexpr Duration call_time = std::chrono::seconds(60);

/// Where the programs and the state lie. Paths are absolute.
struct DockerPaths {
  std::string compose_plugin;  ///< docker-compose of version 2 or later
  std::string docker_cli;      ///< `docker`, for pulls; may be empty
  std::string state;           ///< the state folder; compiled models lie in `compiled/` under it
  std::string socket;          ///< the Engine's, for builds and pulls
  std::string home;  ///< whose `.docker/config.json` serves builds and pulls; may be empty
};

struct Context {
  Engine& engine;
  Compiler& compiler;
  Clock& clock;
  InstallationKey key;
  DockerPaths paths;
  ImageConfigs configs;

  std::string models() const { return paths.state + "/compiled"; }
  std::string digest(const Json& value) const { return keyed_digest(key.bytes, canonical(value)); }
  Deadline within(Duration d) const { return {clock, d}; }
};

/// What a container of an environment may be made on.
struct Grounds {
  /// Its data folder and the host file's bind roots: containers write there, links too.
  std::vector<std::string> roots;
  /// Writes objects anew that were changed by hand, from the tree that they come from.
  std::function<Status(const std::vector<std::string>& paths)> restore_objects;
};

}  // namespace reconciler::docker
