// Carries out the moves of one service. Every effect is a call that the plan declared.
#pragma once

#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "plugins/docker/services/creation.hpp"
#include "plugins/docker/services/moves.hpp"
#include "reconciler/driver/driver.hpp"

namespace reconciler::docker {

class Mover {
 public:
  Mover(Context& context, const CompiledModel& model, const Look& look, const Place& place,
        Creation creation, Progress& progress);

  /// Move by move. A stop is obeyed before the first and while waiting, never between stopping the
  /// old and starting the new. Errors: the Engine's; `service.stop_timeout`, `service.port_taken`,
  /// `service.start_failed`, `service.dependency_unwell`, `container.name_taken`, `image.missing`.
  Status carry_out(const std::vector<Move>& moves, const std::vector<Endpoint>& endpoints,
                   std::stop_token stop);

 private:
  Status carry_out_one(const Move& move, const std::vector<Endpoint>& endpoints,
                       std::stop_token stop);
  Status create(const std::string& name);
  Status connect(const Move& move, const std::vector<Endpoint>& endpoints);
  Status stop_container(const std::string& name);
  Status start(const std::string& name);
  Status rename(const Move& move);
  Result<std::string> id_of(const std::string& name) const;
  Error name_taken(const std::string& name) const;
  /// Every name that a container is to be given; `container.name_taken`.
  Status names_are_free(const std::vector<Move>& moves);
  Error create_error(const std::string& name, Error e);

  Context& context_;
  const CompiledModel& model_;
  const Look& look_;
  const Place& place_;
  Creation creation_;
  Progress& progress_;
  std::map<std::string, std::string> ids_;  ///< name at this time -> id
};

/// Waits until what the container depends on is as its conditions say.
/// `service.dependency_unwell` names which is not, and how it is, when the deadline passes.
Status await_dependencies(Context& context, const CompiledModel& model,
                          const std::vector<Dependency>& dependencies, Progress& progress,
                          Deadline deadline, std::stop_token stop);

}  // namespace reconciler::docker
