// How an environment is, derived from facts at each look; never stored.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "reconciler/ledger/rows.hpp"
#include "reconciler/model/plan.hpp"

namespace reconciler {

struct Condition {
  std::string word;                 ///< Ready, Reconciling, Stalled, ...
  std::string reason;               ///< Succeeded, VerifyFailed, ReleaseOutcomeUnknown, ...
  std::string why;                  ///< one sentence; empty when Ready and nothing differs
  std::string next;                 ///< what to type, where someone is needed
  std::optional<WallTime> since{};  ///< when it came to be so; none where nothing tells
  bool needs_someone() const {
    return word == "Stalled" || word == "Blocked" || word == "RolledBack" || word == "Suspended" ||
           word == "Forgotten" || reason == "CannotLook" || reason == "BackupFailed";
  }
};

/// From the plan as it is now and how the last run ended. A run that failed for good stays Stalled
/// for as long as the same is asked for. `at_it`: somebody holds the environment's lock; a run that
/// has not ended, and that nobody is at, was cut off.
Condition condition_of(const Plan& plan, const std::optional<RunRow>& last, bool at_it = false);
/// Only what is to be removed is left of the plan, and that has failed before: nobody waits for it.
bool is_left_over(const Plan& plan, const std::optional<RunRow>& last);
/// What was recorded did not stay well within its `verify.watch`, and nothing went back.
inline constexpr std::string_view watch_failed = "WatchFailed";
/// That is how the last run ended.
bool is_given_up(const std::optional<RunRow>& last);
/// For an environment that cannot even be looked at.
Condition condition_of(const EnvironmentId& id, const Error& why);
/// For one that was recorded here and that git does not name any more.
Condition forgotten(const EnvironmentId& id);

}  // namespace reconciler
