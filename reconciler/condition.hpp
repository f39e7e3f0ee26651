// How an environment is, derived from facts at each look; never stored.
#pragma once

#include <optional>
#include <string>

#include "reconciler/ledger/rows.hpp"
#include "reconciler/model/plan.hpp"

namespace reconciler {

struct Condition {
  std::string word;    ///< Ready, Reconciling, Stalled, ...
  std::string reason;  ///< Succeeded, VerifyFailed, ReleaseOutcomeUnknown, ...
  std::string why;     ///< one sentence; empty when Ready and nothing differs
  std::string next;    ///< what to type, where someone is needed
  bool needs_someone() const {
    return word == "Stalled" || word == "Blocked" || word == "RolledBack" || word == "Suspended";
  }
};

/// From the plan as it is now and how the last run ended. A run that failed for good stays Stalled
/// for as long as the same is asked for.
Condition condition_of(const Plan& plan, const std::optional<RunRow>& last);
/// For an environment that cannot even be looked at.
Condition condition_of(const EnvironmentId& id, const Error& why);

}  // namespace reconciler
