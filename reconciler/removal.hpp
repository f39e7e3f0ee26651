// Taking away what runs of an environment that git does not name any more. What holds data stays.
#pragma once

#include "reconciler/reconcile.hpp"

namespace reconciler {

/// Shown the plan, says whether it is to be performed.
using AgreeToRemove = std::function<Result<bool>(const Plan&)>;

/// Stops and removes its containers and networks under its lock, then the ledger forgets which
/// version is current, and what providers said is not kept any more; what was released stays known.
/// Asks neither git nor a compiler. The caller knows that git does not name it.
/// `Reconciled::changed` where that was done.
Result<Reconciled> remove_environment(const Parts& parts, const EnvironmentId& id,
                                      const std::string& who, const AgreeToRemove& agree,
                                      Events& events, std::stop_token stop);

}  // namespace reconciler
