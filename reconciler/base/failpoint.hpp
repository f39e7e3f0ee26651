// Named places where a test may kill, fail or delay the program. Compiled in always, free when off.
//
//   RECONCILER_FAILPOINTS="ledger.intent.after:kill;engine.create.before:error@2"
//
// NAME:kill (SIGKILL to itself), NAME:error (the place fails), NAME:delay=MS, NAME:torn (of a place
// that ends in .write: half of it is written, then SIGKILL); @N: at the N-th pass.
//
// What stands on each side of an effect ends in .before and .after. The ledger's file has no
// .write: SQLite writes it, and tests/unit/ledger/power_loss_test.cpp tears that.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/base/result.hpp"

namespace reconciler {

/// Passes the place `name`. Fails with `failpoint.error` only when a test asked for it.
/// Names are listed in failpoint.cpp; an unknown one in the environment ends the program (64).
Status failpoint(std::string_view name);
/// The same right before a write; `half` writes half of it.
Status failpoint(std::string_view name, const std::function<void()>& half);

/// All names there are, sorted, for tests that visit each.
std::vector<std::string> failpoint_names();

}  // namespace reconciler
