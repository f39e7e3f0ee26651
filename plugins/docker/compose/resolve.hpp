// From compose files and variables to Compose's resolved model, cut down to what this environment
// runs: nothing of it has been carried out, nothing of the repository's has been run.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "plugins/docker/compose/compiler.hpp"
#include "plugins/docker/compose/invoke.hpp"
#include "plugins/docker/compose/stack.hpp"

namespace reconciler::docker {

/// Of services that stand in the resolved model for others' optional dependencies alone.
inline constexpr const char* absent_profile = "reconciler-absent";

struct Resolved {
  std::string project;
  Json model;  ///< allowed keys only; services that run and services that are tasks
  std::set<std::string>
      active;                   ///< services of a plain `up`, what is a task and nothing else aside
  std::set<std::string> tasks;  ///< services that steps run; with a command of the step's own such
                                ///< a one may be active as well
};

/// `compose.variable_unset` (all at once), `compose.variable_required`, `compose.invalid`,
/// `compose.unsupported`, `compose.service_unknown`, `compose.no_services`, `compose.env_redirect`.
Result<Resolved> resolve(const CompileInput& input, const Variables& variables, const Tree& tree,
                         const Stack& stack, const std::string& plugin, const Scratch& scratch,
                         Duration timeout, std::stop_token stop);

/// What the steps of the manifest name, with the JSON pointer where they do.
struct StepTarget {
  std::string service;
  std::string pointer;
  bool task = false;         ///< `run`
  bool own_command = false;  ///< the step only asks, or says what is run: it borrows the service
};
std::vector<StepTarget> step_targets(const Json& sections);

}  // namespace reconciler::docker
