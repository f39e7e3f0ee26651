// Carries a plan out: each action written to the ledger, performed by its driver, its result
// written. It performs the plan's actions in their order and nothing else; supply alone runs in
// parallel.
#pragma once

#include <stop_token>
#include <string>

#include "reconciler/apply/events.hpp"
#include "reconciler/base/clock.hpp"
#include "reconciler/base/result.hpp"
#include "reconciler/driver/registry.hpp"
#include "reconciler/ledger/cancel.hpp"
#include "reconciler/ledger/ledger.hpp"
#include "reconciler/model/plan.hpp"
#include "reconciler/model/variables.hpp"
#include "reconciler/plan/cut.hpp"

namespace reconciler {

/// What is done beside what is wanted (RunStart::aside).
struct AsideRun {
  RunEnd well;            ///< how it ends when all went well
  std::string again{};    ///< what a person types to have it done again; empty: nobody asked for it
  std::string unsaved{};  ///< the same without the backup before it; empty: there is no such thing
};

/// What an executor works with; none of it is owned.
struct Tools {
  const Drivers& drivers;
  Ledger& ledger;
  Clock& clock;
  Events& events;
  const std::string& state;  ///< the state folder, where locks lie
  std::stop_token newer{};   ///< what is worked for is not what is asked for any more
  std::stop_token beside{};  ///< something was started beside what is verified
  /// How long to wait for what another environment supplies at the moment; then `lock.held`.
  Duration patience = std::chrono::hours(1);
  std::optional<AsideRun> aside{};
  Shortened cut{};                          ///< what was cut off the plan
  const Cancellation* cancelled = nullptr;  ///< a person may have wished it, where it was stopped
};

/// What a plan's run came to.
struct Applied {
  RunId run = 0;
  std::optional<Error> why;  ///< set: it failed
  bool rejected = false;     ///< and what it was to be is rejected: the ledger has another target
  std::vector<std::string> stays{};  ///< then: Plan::stays
  bool stands = false;               ///< the version runs and is recorded, whatever failed after it
};

class Executor {
 public:
  explicit Executor(Tools tools) : tools_(tools) {}

  /// Performs the plan. The caller holds the environment's lock and has settled open attempts.
  /// On the first failure it stops, leaves what is there, and says what failed with what to do
  /// next: the failing driver's error, `release.failed`, `verify.failed`, `PHASE.failed`;
  /// `apply.stopped` when `stop` was asked for: it ends between two actions, never inside a switch;
  /// `apply.cancelled` (`Stalled/Cancelled`) when a person wished it: nobody but one goes on.
  /// `apply.superseded` after Tools::newer: supply is cut off, and so is verify; else it ends
  /// before the release or, where there is none, the switch. It is no failure: nothing is rejected.
  /// Of the way back it ends nothing but verify.
  /// Where the plan names a fallback, and the failure is one that sends back, that becomes the
  /// ledger's target in the write that ends the run. What fails once the version is recorded, or
  /// where nothing was to be recorded, takes nothing of that back: `prune.failed`, or, where a file
  /// was not written, the driver's error as one that passes. An error: no run was begun.
  /// What was cut off is as if it had been stopped there, only that it ends `Stalled/CutShort`
  /// (`apply.cut`): nobody but a person goes on.
  Result<Applied> apply(const Plan& plan, const Desired& desired, const Variables& variables,
                        const std::string& who, std::stop_token stop);

 private:
  Tools tools_;
};

}  // namespace reconciler
