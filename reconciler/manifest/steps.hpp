// The one grammar of every step: run, exec, http, logs or service, and what is expected of it.
#pragma once

#include <string>
#include <vector>

#include "reconciler/base/error.hpp"
#include "reconciler/base/json.hpp"
#include "reconciler/manifest/document.hpp"
#include "reconciler/model/application.hpp"

namespace reconciler {

/// Which list a step stands in: it decides what a bare text means and which keys there are.
enum class StepList {
  release,  ///< a text alone is a service to run; steps have `when` and `once`
  checks,   ///< a text alone is a URL
  backup,   ///< one step of exec alone: a command whose output or input is a backup
};

/// Steps in the long form of EnvironmentSpec::sections. `node` is a checked list, step or text, or
/// nullptr. Places go under `pointer`; mistakes (`manifest.missing`, `.conflict`, `.unknown_key`,
/// `.duplicate_name`, `once.needs_run`, `command.quoting`, `expression.invalid`, ...) are added.
JsonArray read_steps(const Value* node, StepList list, const std::string& pointer, Places& places,
                     std::vector<Error>& mistakes);

}  // namespace reconciler
