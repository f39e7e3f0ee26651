// Whether a task's program runs already, begun by somebody else.
#pragma once

#include <string>

#include "plugins/docker/compose/model.hpp"
#include "plugins/docker/services/context.hpp"

namespace reconciler::docker {

/// `release.running` (it passes) where a one-off container of that service runs: one that a person
/// started or restarted, or that an earlier ledger knew of. Two at a time are worse than none.
Status nobody_runs(Context& context, const CompiledModel& model, const std::string& service);

}  // namespace reconciler::docker
