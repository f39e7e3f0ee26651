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
#include "reconciler/driver/driver.hpp"

namespace reconciler::docker {

/// Which environments a Compose project is of, as they were prepared last. One for all drivers of a
/// process: the one that listens prepares nothing itself. Thread-safe.
class Projects {
 public:
  void belongs(const std::string& project, const EnvironmentId& id);
  std::set<EnvironmentId> of(const std::string& project) const;

 private:
  mutable std::mutex mutex_;
  std::map<EnvironmentId, std::string> projects_;
};

/// What one line of the stream tells: of the environment that made the container, else of those
/// that its project is of. What cannot be read may be anything.
std::vector<Heard> heard_in(std::string_view line, const Projects& projects);

/// Driver::watch.
Status watch_containers(Engine& engine, const Projects& projects,
                        const std::function<void(const Heard&)>& heard,
                        const std::stop_token& stop);

}  // namespace reconciler::docker
