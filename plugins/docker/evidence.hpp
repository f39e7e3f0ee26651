// What the Engine does to containers as it stops or starts anew is no evidence of a version.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "plugins/docker/services/context.hpp"
#include "reconciler/driver/driver.hpp"

namespace reconciler::docker {

/// Under which start of the Engine each environment is worked on since it was looked at.
/// Thread-safe: images are supplied several at a time.
class Evidence {
 public:
  /// To be told of each look. A look that finds nothing asks for nothing more.
  void looked(const EnvironmentId& id);
  /// To be told before each attempt: who answers at the first after a look is who has to answer to
  /// the last. An error where nobody does.
  Status begins(Context& context, const EnvironmentId& id);
  /// What came of an attempt, where it says nothing against the version or the Engine runs on as it
  /// was. Otherwise `plan.stale`, or why the Engine does not answer; both pass.
  Result<Outcome> weighed(Context& context, const Attempt& attempt, Result<Outcome> outcome) const;

 private:
  mutable std::mutex mutex_;
  std::map<EnvironmentId, std::string> under_;
};

}  // namespace reconciler::docker
