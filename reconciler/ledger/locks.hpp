// One writer at a time: a flock an environment, and one an artifact around its supply or removal.
// The kernel frees them when the holder dies; descriptors are close-on-exec, so that no child that
// outlives the reconciler keeps one. The holder's name in the file is for messages alone.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "reconciler/base/clock.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/result.hpp"
#include "reconciler/model/names.hpp"
#include "reconciler/model/resource.hpp"

namespace reconciler {

/// A lock that is held; freed with the object.
class Lock {
 public:
  /// `passing`: the path of a file that goes with the lock.
  explicit Lock(Descriptor file, std::string passing = "")
      : file_(std::move(file)), passing_(std::move(passing)) {}
  Lock(Lock&&) = default;
  Lock& operator=(Lock&&) = default;
  ~Lock();

 private:
  Descriptor file_;
  std::string passing_;
};

/// How long to wait for a lock that another run holds, and on which clock.
struct Patience {
  Clock& clock;
  Duration most{0};  ///< zero: not at all
  std::stop_token stop{};
};

/// The environment's lock, for everything that changes it. `lock.held` (exit 75) names who holds
/// it and since when; `lock.stopped` when the wait was stopped.
Result<Lock> lock_environment(const std::string& state_dir, const EnvironmentId& id,
                              const Patience& patience);
/// Does anyone hold the environment's lock? Changes nothing, and waits for nobody.
bool is_locked(const std::string& state_dir, const EnvironmentId& id);
/// The artifact's lock, around its supply or its removal: environments of one host share it. Always
/// taken after an environment's, and one at a time.
Result<Lock> lock_artifact(const std::string& state_dir, const ResourceId& artifact,
                           const Patience& patience);

/// The service's, for as long as it runs: it keeps nothing out, and says that what dies is started
/// again. `lock.held` where another one has it.
Result<Lock> lock_service(const std::string& state_dir, Clock& clock);

/// Locks that others take with flock: held while the object lives, their files never written to.
using OtherLocks = std::vector<Descriptor>;
/// All of them, or none: `lock.held` where somebody has one. They are made where they are missing,
/// as who locks them makes them.
Result<OtherLocks> lock_others(const std::vector<std::string>& paths, const EnvironmentId& id);

}  // namespace reconciler
