// Named places where a test may kill, fail or delay the program. Compiled in always, free when off.
//
//   RECONCILER_FAILPOINTS="ledger.intent.after:kill;engine.create.before:error@2;files.write:delay=50"
//
// NAME:kill (SIGKILL to itself), NAME:error (the place fails), NAME:delay=MS; @N: at the N-th pass.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reconciler/base/result.hpp"

namespace reconciler {

/// Passes the place `name`. Fails with `failpoint.error` only when a test asked for it.
/// Names are listed in failpoint.cpp; an unknown one in the environment ends the program (64).
Status failpoint(std::string_view name);

/// All names there are, for tests that visit each.
std::vector<std::string> failpoint_names();

}  // namespace reconciler
