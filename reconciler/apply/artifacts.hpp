// What environments of a host share, supplied and removed: each thing under a lock of its own, so
// that it is never made twice at once, nor made and removed, and a supply that hangs holds up
// nobody but those who wait for the same thing.
#pragma once

#include <vector>

#include "reconciler/apply/attempt.hpp"

namespace reconciler {

/// Performs all of `actions`, Desired::parallel at a time. Starts nothing more after a failure;
/// what is under way is stopped only by the run's stop. The first failure is returned.
Status supply(Run& run, const std::vector<const Action*>& actions);

/// Takes it away, unless another environment has come to count on it since the plan was made.
Status remove_artifact(Run& run, const Action& action);

}  // namespace reconciler
