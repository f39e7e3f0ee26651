// What a failed action comes to: the error that people read, with what was not undone and what to
// type.
#pragma once

#include "reconciler/apply/attempt.hpp"

namespace reconciler {

/// For an action whose work ended badly; `detail` says how.
Error action_failed(const Run& run, const Action& action, const Outcome& outcome);
/// For once-only work that runs on after its time: nobody waits for it any longer. `tag` may be
/// empty.
Error still_runs(const EnvironmentId& id, const Action& action, const std::string& tag,
                 const std::string& detail);
/// Adds what stays as it was and what to do next to an error that ended a run.
Error told(const Run& run, Error why);
/// How the ledger remembers it: Stalled with a reason, or Reconciling when it is tried again.
RunEnd end_of(const Error& why);

}  // namespace reconciler
