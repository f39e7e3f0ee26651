// What a plan counts on, before the first of its work.
#pragma once

#include "reconciler/ledger/locks.hpp"
#include "reconciler/model/plan.hpp"
#include "reconciler/parts.hpp"

namespace reconciler {

/// From here on nobody takes away what the plan counts on; who had begun to has ended. What is to
/// be supplied is supplied again if it went. What another one came to count on is for the run to
/// say. `lock.held` after that patience, `apply.stopped`.
Status count_on(const Parts& parts, const Plan& plan, const Patience& patience);

}  // namespace reconciler
