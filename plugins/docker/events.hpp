// What happens to containers, as the Engine tells while it happens.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/docker/client/engine.hpp"
#include "plugins/docker/services/inspected.hpp"
#include "reconciler/driver/driver.hpp"

namespace reconciler::docker {

/// Which environments a Compose project is of, as they were prepared last. Thread-safe.
class Projects {
 public:
  void belongs(const std::string& project, const EnvironmentId& id);
  std::set<EnvironmentId> of(const std::string& project) const;

 private:
  mutable std::mutex mutex_;
  std::map<EnvironmentId, std::string> projects_;
};

/// One for all drivers of a process: the one that listens neither prepares nor looks itself.
struct Shared {
  Projects projects;
  Inspected inspected;
};

/// Takes up one line of the stream: what it is a reason to look at, of the environment that made
/// the container, else of those that its project is of. What cannot be read may be anything.
std::vector<Heard> take_up(std::string_view line, Shared& shared);

/// Driver::watch.
Status watch_containers(Engine& engine, Shared& shared,
                        const std::function<void(const Heard&)>& heard,
                        const std::stop_token& stop);

}  // namespace reconciler::docker
