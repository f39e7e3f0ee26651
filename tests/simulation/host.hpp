// A host that exists in memory: images, services, kept ones, one-off tasks, state files. What the
// drivers of the real world change, the simulated driver changes here; other people change it too.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace reconciler::simulation {

struct SimService {
  std::string image;
  std::string config;
  bool running = true;
  bool healthy = true;
  bool operator==(const SimService&) const = default;
};

struct SimTask {
  std::string attempt;
  bool running = false;
  int exit_code = 0;
};

struct SimHost {
  std::set<std::string> images;
  std::map<std::string, SimService> services;
  std::map<std::string, SimService> kept;  ///< `.prev`, stopped
  std::vector<SimTask> tasks;
  std::vector<std::string> release_table;    ///< `start TAG`, `done TAG`: no guard at all
  std::map<std::string, std::string> files;  ///< state files
  std::vector<std::string> calls;            ///< every change, as `verb target`
};

/// What a simulated manifest asks for.
struct SimWanted {
  std::string tag = "v1";
  std::map<std::string, SimService> services;          ///< by name; image and config alone count
  std::map<std::string, std::set<std::string>> needs;  ///< service -> services
  std::set<std::string> required;                      ///< of the release
  bool has_release = false;
  bool release_fails = false;
  bool build_fails = false;
};

}  // namespace reconciler::simulation
