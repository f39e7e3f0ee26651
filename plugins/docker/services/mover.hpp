// Carries out the moves of a group. Every effect is a call that the plan declared.
#pragma once

#include <map>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "plugins/docker/services/creation.hpp"
#include "plugins/docker/services/downtime.hpp"
#include "plugins/docker/services/group.hpp"
#include "reconciler/driver/driver.hpp"

namespace reconciler::docker {

/// What moves are made on: all of it outlives the mover.
struct Stage {
  const CompiledModel& model;
  const Look& look;
  const std::vector<Place>& places;  ///< all services: who lends may be no member
  const Group& group;
};

class Mover {
 public:
  /// `creation`: what all new containers of the group have in common.
  Mover(Context& context, const Stage& stage, Creation creation, Progress& progress);

  /// One that is to be moved and is no member's.
  void know(const Seen& seen) { ids_[seen.name] = seen.id; }
  /// Move by move. A stop is obeyed before the first and while waiting, never between stopping the
  /// old and starting the new. Errors: the Engine's; `service.stop_timeout`, `service.port_taken`,
  /// `service.start_failed`, `service.hook_failed`, `service.dependency_unwell`,
  /// `container.name_taken`, `container.half_removed`, `network.in_use`, `image.missing`;
  /// `plan.stale` where somebody took a container away meanwhile, or made one.
  Status carry_out(const std::vector<Move>& moves, std::stop_token stop);
  /// Of those that were running.
  const Downtime& downtime() const { return downtime_; }

 private:
  Status carry_out_one(const Move& move, std::stop_token stop);
  Error removed_meanwhile(const Move& move, const Error& e);
  Status create(const std::string& name);
  Status connect(const Move& move);
  Status copy_file(const Move& move);
  Status await(const Move& move, std::stop_token stop);
  Status run_hook(const Move& move, std::stop_token stop);
  Status stop_container(const std::string& name);
  Status start(const std::string& name);
  Status give_restart_policy(const std::string& name, const Json& policy);
  Status rename(const Move& move);
  Result<std::string> id_of(const std::string& name) const;
  /// The member whose container has, will have or had that name.
  const Member& member_of(const std::string& name) const;
  /// Containers of all services as they are to be referred to now: by symbol, or by name.
  std::map<std::string, std::string> references(bool by_name) const;
  Result<Json> holder_of(const std::string& name) const;
  /// That a name is not free: `container.name_taken`; `plan.stale` where whoever has it is the
  /// project's own, made by others since the plan was, or is gone by now.
  Error held(const std::string& name, Result<Json> holder) const;
  /// Every name that a container is to be given; as `held`.
  Status names_are_free(const std::vector<Move>& moves);
  /// Nobody but the members is on a network that is to be made anew; `network.in_use`.
  Status networks_are_free(const std::vector<Move>& moves);
  /// Whoever these start, or give another name, is there still; `plan.stale`.
  Status all_are_there(std::span<const Move> moves);
  Error create_error(const std::string& name, Error e);

  Context& context_;
  const Stage stage_;
  Creation creation_;
  Progress& progress_;
  std::map<std::string, std::string> ids_;  ///< name at this time -> id
  Downtime downtime_;
};

/// `container.name_taken`: that name is held by a container that is not of the project.
Error name_taken(const std::string& name, const std::string& project);

/// Waits until what the container depends on is as its conditions say, each of its containers.
/// `service.dependency_unwell` names which is not, and how it is, when the deadline passes.
Status await_dependencies(Context& context, const CompiledModel& model,
                          const std::vector<Dependency>& dependencies, Progress& progress,
                          Deadline deadline, std::stop_token stop);

}  // namespace reconciler::docker
