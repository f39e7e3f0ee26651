// Performs work on services: start, switch, create, prune. One attempt, from a fresh look.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "plugins/docker/services/context.hpp"
#include "reconciler/driver/driver.hpp"

namespace reconciler::docker {

/// Writes objects anew that were changed by hand, from the tree that they come from.
using RestoreObjects = std::function<Status(const std::vector<std::string>& paths)>;

/// `model` is the one that the work's input names. `plan.stale` when the containers are not those
/// that it was planned on.
Result<Outcome> perform_service_work(Context& context, const CompiledModel& model, const Attempt& attempt,
                                     const RestoreObjects& restore, Progress& progress, std::stop_token stop);

}  // namespace reconciler::docker
