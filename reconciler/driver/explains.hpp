// What a driver may be able to tell besides: asked by people alone, and part of nothing that is
// planned or done. A driver in another process is not asked (like `watch`, it is not spoken).
#pragma once

#include <string>
#include <vector>

#include "reconciler/base/clock.hpp"
#include "reconciler/base/result.hpp"
#include "reconciler/model/names.hpp"
#include "reconciler/model/resource.hpp"

namespace reconciler {

/// A version of an environment, as a driver prepared it.
struct PreparedVersion {
  EnvironmentId id;
  Json wanted;  ///< Prepared::wanted
};

/// Drivers that can tell it derive from this, too. Changes nothing.
class Explains {
 public:
  virtual ~Explains() = default;
  /// The work as lines that a person could type, for the day without us; what no line does is told
  /// in one that begins with `# `.
  virtual std::vector<std::string> commands(const EnvironmentId& id, const Work& work) = 0;
  /// What differs between two versions, of one environment or of two: things with their
  /// differences alone, values only where they cannot hold a secret.
  virtual Result<Observation> differ(const PreparedVersion& /*a*/, const PreparedVersion& /*b*/) {
    return Observation{};
  }
};

}  // namespace reconciler
