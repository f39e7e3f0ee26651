// Images in parallel: the one phase in which nothing that runs is touched.
#pragma once

#include <vector>

#include "reconciler/apply/attempt.hpp"

namespace reconciler {

/// Performs all of `actions`, Desired::parallel at a time. Starts nothing more after a failure;
/// what is under way is stopped only by the run's stops. The first failure is returned.
Status supply(Run& run, const std::vector<const Action*>& actions);

}  // namespace reconciler
