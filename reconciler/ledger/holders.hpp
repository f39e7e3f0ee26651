// Who holds which lock, for people: told without taking one.
#pragma once

#include <string>
#include <vector>

namespace reconciler {

struct HeldLock {
  std::string what;    ///< `epsm/production`; `an image`
  std::string holder;  ///< the command, its process and since when
};

/// Those whose holder's name stands in the lock's file, and who is still there.
std::vector<HeldLock> held_locks(const std::string& state_dir);

/// Whether `run` is at work on that state folder.
bool service_runs(const std::string& state_dir);

}  // namespace reconciler
