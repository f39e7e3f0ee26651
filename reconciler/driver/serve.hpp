// The other end of remote.hpp: any driver as a program over standard input and output.
#pragma once

#include "reconciler/base/clock.hpp"
#include "reconciler/driver/driver.hpp"

namespace reconciler {

/// Answers calls read from `in` on `out`, one at a time, until `in` ends; a call that runs then is
/// stopped and waited for. Nothing else may write to `out`. Returns the process's exit code:
/// 0, or 1 after what was no JSON-RPC (said on standard error).
int serve(Driver& driver, Clock& clock, int in = 0, int out = 1);

}  // namespace reconciler
