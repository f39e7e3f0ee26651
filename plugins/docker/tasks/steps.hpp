// The manifest's steps that Docker performs: `run`, `exec`, `logs`, `service`. `http` is another
// driver's.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "plugins/docker/services/resources.hpp"
#include "reconciler/driver/driver.hpp"
#include "reconciler/model/desired.hpp"

namespace reconciler::docker {

struct Steps {
  std::vector<Step> steps;
  std::set<ResourceId> required;  ///< what the release depends on
};

/// `release` and `verify.checks` of the request's sections, and the check of all services that is
/// always made. Errors, all at once, with `#/release/0/run` as their place's file:
/// `compose.service_unknown`, `step.needs_container`, `step.expression`.
Result<Steps> steps_of(const Request& request, const CompiledModel& model,
                       const Variables& variables);

/// The names of a task's container: PROJECT-SERVICE-run-ATTEMPT.
std::string task_name(const CompiledModel& model, const std::string& service,
                      const std::string& attempt);

}  // namespace reconciler::docker
