// What a driver may be able to have done besides: stop and start what runs, as it is. Asked for by
// people alone. A driver in another process is not asked (like `watch`, it is not spoken).
#pragma once

#include <string>
#include <vector>

#include "reconciler/base/clock.hpp"
#include "reconciler/driver/driver.hpp"

namespace reconciler {

/// Drivers that can do it derive from this, too.
class Restarts {
 public:
  virtual ~Restarts() = default;
  /// The work that stops and starts what is called so, with those that have to join it anew; for
  /// `perform`. Looks, changes nothing. `service.unknown` with the nearest, `service.no_restart`.
  virtual Result<std::vector<Work>> restart(const EnvironmentId& id, const Json& wanted,
                                            const Memory& memory,
                                            const std::vector<std::string>& names,
                                            Deadline deadline) = 0;
};

}  // namespace reconciler
