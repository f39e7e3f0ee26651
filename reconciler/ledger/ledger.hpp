// The ledger: the reconciler's own durable memory, one SQLite file in the state folder. It is the
// truth about what was asked, begun, done and recorded; what runs is for drivers to tell.
//
// Intent is written before each effect and the result after it. Everything but log lines is on the
// disk before a call returns. One object serves several threads; several processes may hold the
// same ledger open (their writes wait for each other up to 5 s, then `ledger.busy`).
//
// Besides the codes named below every call may fail with `ledger.busy`, `ledger.full` (no room),
// `ledger.io` (after a failed sync the object refuses everything that follows) and
// `ledger.damaged` (the object refuses everything that follows; the next open examines the file and
// sets it aside if it is broken).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reconciler/base/clock.hpp"
#include "reconciler/base/result.hpp"
#include "reconciler/base/sealed.hpp"
#include "reconciler/ledger/rows.hpp"
#include "reconciler/model/memory.hpp"
#include "reconciler/model/plan.hpp"
#include "reconciler/model/sealed_record.hpp"

namespace reconciler {

class Ledger {
 public:
  /// Opens the ledger of a state folder, or makes folder (0700), ledger, lineage and key together;
  /// a crash in between leaves what the next open finishes. `state.unsafe` when folder or files
  /// belong to another user, are open to others, or are symbolic links; `ledger.newer_version`.
  /// A file that is no ledger any more is set aside as `ledger.db.corrupt-TIME` and a new one made
  /// with another lineage: then `loss()` says so. `clock` must outlive the ledger; `vfs` is the
  /// name of a registered SQLite VFS, empty for the system's.
  static Result<std::unique_ptr<Ledger>> open(const std::string& state_dir, const Clock& clock,
                                              const std::string& vfs = "");
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  /// UUID of this installation; on labels and beside state files.
  const std::string& lineage() const;
  const InstallationKey& key() const;
  /// Set from the open that found the ledger gone (`ledger.lost`) or broken (`ledger.corrupt`) or
  /// the key gone (`ledger.key_lost`), and at every later open: it is never said only once.
  const std::optional<Error>& loss() const;
  /// Why this object refuses everything from now on (a sync failed, the file is gone, or damaged):
  /// another one is to be opened.
  std::optional<Error> finished() const;
  /// True after a loss of the ledger for an environment that has not been adopted since and was
  /// not recorded here: nothing may be run on a guess (Stalled/LedgerLost).
  Result<bool> needs_adoption(const EnvironmentId& id) const;

  /// What the planner needs. An environment never heard of has no current, no previous. A once key
  /// whose newest attempt has no result is `Fate::running`: only a driver can tell.
  Result<Memory> memory(const EnvironmentId& id) const;

  // --- runs
  /// Begins a run, takes its target for the environment's, or ends that where it works towards
  /// none, and sets `unfinished` where it is to be recorded: all in one write. Earlier runs of the
  /// environment
  /// that never ended are closed as `Interrupted`. The caller holds the environment's lock. Without
  /// a target it begins only where the room for its end is there (`ledger.full`; reserve.hpp).
  Result<RunId> begin_run(const RunStart& start);
  /// Right before the first effect of a run on what runs (Memory::touched); `unwell` are those that
  /// are unwell before, `by_hand` what runs where that was deployed past us. Until the next record
  /// the first call counts.
  Status touch(const EnvironmentId& id, const std::set<ResourceId>& unwell,
               const std::optional<std::string>& by_hand = {});
  /// The newest run that never ended, but for those that are aside: it is still at it, or it died.
  Result<std::optional<OpenRun>> open_run(const EnvironmentId& id) const;
  /// Something that runs was changed, and nothing recorded since.
  Result<bool> is_half(const EnvironmentId& id) const;
  /// What runs was touched for that tag, or its release begun, and nothing recorded since.
  Result<bool> was_begun(const EnvironmentId& id, const std::string& tag) const;
  /// Ends it; `unfinished` stays unless record() cleared it. `ledger.run_unknown`.
  Status end_run(RunId run, const RunEnd& end);

  // --- attempts
  /// The durable row before an effect; the id is a serial and never given twice.
  /// Refuses (`once.open`, `once.done`, `once.failed`, `once.unknown`) when the newest attempt at
  /// the same once key has no result, succeeded, failed, or nobody knows. Failpoints
  /// ledger.intent.*. From the first change to what runs on, until the environment's next run, what
  /// is written may take the room that is kept for that (reserve.hpp).
  Result<std::string> intend(RunId run, const Action& action);
  /// What became of it. May be called again for an attempt that was still running.
  /// `ledger.attempt_unknown`; `ledger.attempt_settled` when another final fate is already written.
  /// Failpoints ledger.result.*.
  Status result(const std::string& attempt, const Outcome& outcome);
  /// It could not be tried or carried through. A once attempt stays open: `recover` is to be asked.
  Status failed_to_run(const std::string& attempt, const Error& why);
  /// Once attempts with an intent and no final fate, oldest first.
  Result<std::vector<OpenAttempt>> open_attempts(const EnvironmentId& id) const;
  /// A person's answer, `succeeded` or `not_started`, for the newest attempt at `once_key`.
  /// `settle.nothing` (no such attempt), `settle.known` (it succeeded, or is settled so already),
  /// `settle.open` (not yet looked for: apply does that first), `settle.fate` (another answer).
  Status settle(const EnvironmentId& id, const std::string& once_key, Fate fate,
                const std::string& who);
  /// A person's answer about once-only work that was never tried here (an environment that was
  /// taken over): `task` is its step's name.
  Status assume(const EnvironmentId& id, const std::string& once_key, const std::string& task,
                Fate fate, const std::string& who);
  /// The newest attempt at a backup which nobody stopped: how it ended (none: it did not), and why
  /// it could not be carried through. None where there was none.
  Result<std::optional<AttemptRow>> last_backup(const EnvironmentId& id) const;
  /// The run of the newest attempt to bring a backup back that had begun to give it to somebody,
  /// succeeded or not. None where there was none.
  Result<std::optional<RunRow>> last_restoring_run(const EnvironmentId& id) const;
  /// That run itself ended well, or one after it asked the checks and did, or a person said so.
  Result<bool> well_since(const EnvironmentId& id, RunId run) const;
  /// A person says that the data is whole, and well, whatever became of the newest restore that had
  /// begun: that one counts as succeeded.
  Status settle_restore(const EnvironmentId& id, const std::string& who);
  /// Once keys of the environment whose task is `task`'s, newest attempt first; for `settle`.
  Result<std::vector<std::string>> once_keys(const EnvironmentId& id, std::string_view title) const;

  // --- the record
  /// THE transaction: with another tag previous <- current, current <- release; with the same tag
  /// current alone; `unfinished` and `touched` cleared; the environment's serial one more.
  /// `snapshots` take the place of current's, which become previous' with the release that they are
  /// of. `ledger.too_large` when a box has more than 8 MiB or there are more than 1000: nothing is
  /// written then. Memory::watched is what `how` says, from now on, back to the tag that was
  /// replaced; where the tag is the same, and the digest or what was asked is, it stays. Failpoints
  /// ledger.record.*.
  struct RecordedAs {
    std::string asked{};            ///< Desired::asked
    std::set<ResourceId> unwell{};  ///< so before, which kept nobody from it
    bool gone_back = false;         ///< on a way back
  };
  Status record(RunId run, const Release& release, const SealedRecords& snapshots,
                const RecordedAs& how);
  /// Of a version that was gone to, with all well.
  Status record(RunId run, const Release& release, const SealedRecords& snapshots) {
    return record(run, release, snapshots, {});
  }
  /// The sealed records of the current or the previous version; none where none were taken.
  enum class Slot { current, previous };
  Result<SealedRecords> snapshots(const EnvironmentId& id, Slot slot) const;

  /// The versions that the environment had, newest first, the current one too; at most 200. A tag
  /// that was gone back to stands there twice.
  Result<std::vector<Version>> versions(const EnvironmentId& id) const;
  /// Tags whose once-only work was tried since `tag` became the current one, at `since`, oldest
  /// first: what a way back does not undo. The clock may have been put back meanwhile: what was
  /// begun after the run that recorded it is later, too, whatever the time; of one that was cut off
  /// behind its record the time alone tells.
  Result<std::vector<std::string>> released_since(const EnvironmentId& id, const std::string& tag,
                                                  WallTime since) const;

  // --- artifacts: what a tag became, and who of this host counts on it
  /// From here on the environment counts on these as `tag`'s, before the first of them is supplied.
  /// `image.shared` when another one counts on one of them made from other inputs: then nothing is
  /// written. What a name stood for before, made from other inputs, is not counted on any more;
  /// what the tag was made of under other names refuses nobody any more.
  Status claim(const EnvironmentId& id, const std::string& tag, const Artifacts& artifacts);
  /// The environment counts on these no more.
  Status release(const EnvironmentId& id,
                 const std::set<std::pair<std::string, ResourceId>>& artifacts);
  /// It is gone from the host.
  Status forget(const EnvironmentId& id, const ResourceId& artifact);
  /// Who else counts on these.
  Result<std::map<ResourceId, std::vector<Claim>>> claims(
      const EnvironmentId& id, const std::set<ResourceId>& artifacts) const;

  // --- the effective target
  /// THE write of a failure: the run ended so, and from now on the environment is to be `target`.
  /// `ledger.run_unknown`. Failpoints ledger.reject.*.
  Status reject(RunId run, const RunEnd& end, const Target& target);
  /// What git asks for counts again; nothing where it does already.
  Status clear_target(const EnvironmentId& id);
  /// The same at a person's word, who wants what failed tried again: once-only work of the rejected
  /// tag (of any, where none is) that failed counts as not run, what came back is counted from
  /// nothing, and the last run's end stops nobody any more. `overruled`: a tag that was deployed by
  /// hand may be undone (Memory::overruled, until the next record). The rejected tag; empty where
  /// none was. `retry.unknown`: nothing was done here yet.
  Result<std::string> retry(const EnvironmentId& id, const std::string& who,
                            const std::optional<std::string>& overruled = {});
  /// Of that only what is about what runs: what came back is counted from nothing, and what was
  /// deployed by hand may be undone. A tag that was rejected stays so, and what failed has failed.
  Status put_right_again(const EnvironmentId& id, const std::string& who,
                         const std::optional<std::string>& overruled = {});

  // --- what people say, and what came back
  /// From now on nothing is done, until `resume` or its end. Takes the place of one before it.
  Status suspend(const EnvironmentId& id, const Suspension& suspension);
  /// `resume.nothing`.
  Status resume(const EnvironmentId& id);
  /// Approved (gates.hpp) until a version is recorded.
  Status approve(const EnvironmentId& id, const std::set<std::string>& what,
                 const std::string& who);
  /// Each of these differed once more though nothing new was asked for. One that did so more than
  /// 24 h after the last time is counted from one.
  Status drifted(const EnvironmentId& id,
                 const std::set<std::pair<ResourceId, std::string>>& fields);

  /// The switch steps of that version have run (Memory::changed_to).
  Status switch_steps_done(const EnvironmentId& id, const std::string& version);
  /// Nothing of the environment is current any more: it was removed. What was released, its tags'
  /// commits and its history stay known.
  Status forget(const EnvironmentId& id, const std::string& who);
  /// How often the environment was recorded; only grows.
  Result<std::int64_t> serial(const EnvironmentId& id) const;

  // --- taking over
  Status adopt(const EnvironmentId& id, const Adoption& adoption);
  /// This ledger's own lineage and those that were adopted for the environment.
  Result<std::set<std::string>> lineages(const EnvironmentId& id) const;

  // --- tags that must not move
  Result<std::optional<std::string>> commit_of(const EnvironmentId& id,
                                               const std::string& tag) const;
  /// The first commit stays; `tag.moved` when it is another one.
  Status remember_commit(const EnvironmentId& id, const std::string& tag,
                         const std::string& commit);

  /// A run beside what is wanted that has no end was cut off: whoever holds the environment's lock
  /// says so before anything else.
  Status end_cut_aside(const EnvironmentId& id);

  // --- history
  /// Newest first, with their attempts in order.
  Result<std::vector<RunRow>> history(const EnvironmentId& id, size_t limit) const;
  /// The newest but for those that are aside (RunStart): the one whose end counts.
  Result<std::optional<RunRow>> last_run(const EnvironmentId& id) const;
  /// The newest in which a person worked for a commit: no answer, no way back to what an older one
  /// asked for, and nothing that `run` did.
  Result<std::optional<RunRow>> last_work(const EnvironmentId& id) const;
  /// The newest of all, aside or not, where it has no end: whoever holds the environment is at it;
  /// where nobody does, it was cut off.
  Result<std::optional<RunRow>> unended_run(const EnvironmentId& id) const;
  /// `ledger.run_unknown`.
  Result<RunRow> run(RunId run) const;
  /// Appends lines to a run's log, which holds 1 MiB; then one line says that the rest is left out.
  /// Not synced by itself: the next result or record takes it along.
  Status append_log(RunId run, const std::vector<std::string>& lines);
  Result<std::vector<std::string>> log(RunId run) const;
  /// Environments that this ledger knows, by name.
  Result<std::vector<EnvironmentId>> environments() const;

 private:
  struct Parts;
  explicit Ledger(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace reconciler
