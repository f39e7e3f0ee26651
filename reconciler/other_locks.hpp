// The locks of the scripts that deployed so far (`also_lock` of the host file).
#pragma once

#include "reconciler/ledger/locks.hpp"
#include "reconciler/parts.hpp"

namespace reconciler {

/// Taken only while something is done: a look stands in nobody's way. `lock.held`.
Result<OtherLocks> lock_others(const Parts& parts, const EnvironmentId& id);

}  // namespace reconciler
