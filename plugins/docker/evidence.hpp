// What the Engine does to containers as it stops or starts anew is no evidence of a version.
#pragma once

#include <map>
#include <string>

#include "plugins/docker/services/context.hpp"
#include "reconciler/driver/driver.hpp"

namespace reconciler::docker {

/// Under which start of the Engine each environment was looked at. For one thread.
class Evidence {
 public:
  /// To be told before an environment is looked at; an error where the Engine does not answer.
  Status begins(Context& context, const EnvironmentId& id);
  /// What came of an attempt, where it says nothing against the version or the Engine runs on as it
  /// was. Otherwise `plan.stale`, or why the Engine does not answer; both pass. Who listens now is
  /// asked on a new connection: an Engine that stops answers old ones to its end.
  Result<Outcome> weighed(Context& context, const Attempt& attempt, Result<Outcome> outcome) const;

 private:
  std::map<EnvironmentId, std::string> under_;
};

}  // namespace reconciler::docker
