// What a failed action comes to: the error that people read, with what was not undone and what to
// type.
#pragma once

#include "reconciler/apply/attempt.hpp"

namespace reconciler {

/// For an action whose work ended badly; `detail` says how.
Error action_failed(const Run& run, const Action& action, const Outcome& outcome);
/// For once-only work that ended badly.
Error release_failed(const EnvironmentId& id, const std::string& task, const std::string& tag,
                     const Json& evidence);
/// For once-only work that runs on after its time: nobody waits for it any longer. `tag` may be
/// empty.
Error still_runs(const EnvironmentId& id, const Action& action, const std::string& tag,
                 const Outcome& outcome);
/// `apply.superseded`: something else is asked for by now; `where` the work for it ended.
Error superseded(const Run& run, const std::string& where);
/// Adds what once-only work of the version did since the last record, in this run or one before it.
Error with_not_undone(const Run& run, Error why);
/// Adds what stays as it was and what to do next to an error that ended a run.
Error told(const Run& run, Error why);
/// The same of what follows once the version stands: says what is recorded, and that it goes on.
Error what_follows_failed(const Run& run, Error why);
/// Does a failure in that phase send the environment back to its last good version? `touched`: this
/// run, or one before it that was not recorded, has changed what runs. What never came to that does
/// not, nor what nobody can do anything about by going back.
bool sends_back(Phase in, bool touched, const Error& why);
/// How the ledger remembers a run whose target is rejected, and one that was the way back.
RunEnd end_of_rejected(const Error& why);
RunEnd end_of_way_back(const Error& why);
/// It was stopped because a person wished it.
Error cancelled(const Run& run, Error stopped, const std::string& by);
/// What an environment is to be once that run has failed, with the plan's fallback. What git asks
/// for is held off as before; where that is what is gone back to, until it is back.
Target target_after(const Plan& plan, const Desired& desired, RunId run, const RunEnd& end,
                    WallTime now);
/// The error of a deploy that failed and was gone back from: why, and that `back` is well again.
Error gone_back(const Plan& back, const Applied& failed_one,
                const std::optional<Release>& previous);
/// What to type where a target holds off what git asks for.
std::string what_ends(const EnvironmentId& id, const Target& target);
/// Is that it?
bool is_gone_back(const Error& why);
/// The same where the way back failed too.
Error not_gone_back(const Plan& back, const Error& why, const Error& and_why);
/// `rollback.failed`, with both reasons, where what is to be in the place of what git asks for
/// cannot even be looked at; what passes, or was ended, stays as it is.
Error cannot_go_back(const EnvironmentId& id, const Target& target, Error why);
/// How the ledger remembers what failed in that phase once the version stands: it is never Stalled.
RunEnd end_of_what_follows(Phase in, const Error& why);
/// How the ledger remembers it: Stalled with a reason, or Reconciling when it is tried again.
RunEnd end_of(const Error& why);

/// `v2: its image is gone`; a sentence that begins with the tag is told as it is.
std::string about(const std::string& tag, const std::string& why);
/// Why a target holds; where a person's wish failed as well, `v3 is held off; wanted instead: v1 is
/// not well`.
std::string about(const Target& target);

}  // namespace reconciler
