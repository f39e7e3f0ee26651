// The control loop for one environment. Command line, service and simulation all call this.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "reconciler/apply/executor.hpp"
#include "reconciler/look.hpp"

namespace reconciler {

/// What a reconciliation came to.
struct Reconciled {
  Plan plan;
  bool changed = false;   ///< the plan was performed to its end; never one that waits()
  bool declined = false;  ///< `agree` said no
  Duration took{0};
};

/// Shown the plan, says whether it is to be performed; an error says why not.
using Agree = std::function<Result<bool>(const Look&)>;

/// What ends a reconciliation before its end, each at its next safe point.
struct Ends {
  std::stop_token stop{};    ///< `apply.stopped`: the program is to end
  std::stop_token newer{};   ///< `apply.superseded`: something else is asked for by now
  std::stop_token beside{};  ///< `plan.stale`: verify is begun anew from a fresh look
  /// How long to wait for what another environment supplies at the moment; then `lock.held`.
  Duration patience = std::chrono::hours(1);
};

/// The loop: settle what was cut off, look, plan, agree, apply. Holds the environment's lock
/// throughout (`lock.held`). A plan that moved while it was being agreed to is `plan.stale`.
Result<Reconciled> reconcile(const Parts& parts, const Asked& asked, const std::string& who,
                             const Agree& agree, Events& events, Ends ends);

/// Makes of a fresh look's plan one that is done beside what is wanted: how the last run ended goes
/// on to count (RunStart::aside).
using Aside = std::function<Result<AsideRun>(Look&)>;

/// The loop over such a plan; only while it is suspended does that wait, too.
Result<Reconciled> reconcile_aside(const Parts& parts, const Asked& asked, const Aside& aside,
                                   const std::string& who, const Agree& agree, Events& events,
                                   Ends ends);

/// Performs of the plan that follows from a fresh look only what stops things that are not to be
/// there: what someone started beside what runs does not wait until a person has answered for all
/// else; only while it is suspended does that wait, too. How the last run ended goes on to count
/// (RunStart::aside).
Status stop_beside(const Parts& parts, const Asked& asked, const std::string& who, Events& events,
                   Ends ends);

}  // namespace reconciler
