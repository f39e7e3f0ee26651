// The loop over a part of the plan: what a person leaves out is not done, and stays due.
#pragma once

#include "reconciler/plan/cut.hpp"
#include "reconciler/reconcile.hpp"

namespace reconciler {

/// What a reconciliation came to, and what was cut off its plan.
struct Partly {
  Reconciled done;
  Shortened cut;
};

/// reconcile(), of the plan as it is cut; the way back from a failure in it is whole.
Result<Partly> reconcile_partly(const Parts& parts, const Asked& asked, const Cut& cut,
                                const std::string& who, const Agree& agree, Events& events,
                                Ends ends);

}  // namespace reconciler
