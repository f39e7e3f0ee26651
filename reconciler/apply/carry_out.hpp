// One action from its beginning to its end: tried once, told as it goes.
#pragma once

#include "reconciler/apply/attempt.hpp"

namespace reconciler {

/// The driver's error, or what `action_failed` makes of an outcome that is no success. Thread-safe
/// for work that is not once-only.
Status carry_out(Run& run, const Action& action);

}  // namespace reconciler
