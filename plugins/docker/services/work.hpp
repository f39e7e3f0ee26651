// Performs work on services: start, switch, create, prune. One attempt, from a fresh look.
#pragma once

#include <stop_token>

#include "plugins/docker/services/context.hpp"
#include "reconciler/driver/driver.hpp"

namespace reconciler::docker {

/// `model` is the one that the work's input names. `plan.stale` when the containers are not those
/// that it was planned on.
Result<Outcome> perform_service_work(Context& context, const CompiledModel& model,
                                     const Attempt& attempt, const Grounds& grounds,
                                     Progress& progress, std::stop_token stop);

}  // namespace reconciler::docker
