// What the ledger knows of an environment: the planner's other input, plain data.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/base/clock.hpp"
#include "reconciler/model/names.hpp"
#include "reconciler/model/sealed_record.hpp"

namespace reconciler {

/// What became of a once-only piece of work.
enum class Fate { succeeded, failed, running, not_started, unknown };
std::string_view to_text(Fate fate);

/// A version that was recorded.
struct Release {
  std::string tag;
  std::string commit;
  std::string digest;  ///< Desired::digest
  WallTime at{};
};

/// Target::reason of a tag that a person wants deployed as git would have it deployed: what it
/// takes is built, pulled and released.
inline constexpr std::string_view deployed = "Deployed";

/// What an environment is to be in the place of what git asks for: that failed, or a person went
/// back. It holds until the repository asks for something else, or a person says `retry`.
struct Target {
  std::string tag;       ///< of `current`
  std::string rejected;  ///< Desired::asked of what git asks for, and that is not tried by itself
  /// Its tag. Empty: git asks for `tag` itself, and what failed was a person's wish; then it holds
  /// until the environment is back, and no longer.
  std::string rejected_tag;
  std::string reason;    ///< CamelCase: VerifyFailed, Requested
  std::string why;       ///< one sentence
  std::int64_t run = 0;  ///< in which something failed
  WallTime at{};
  std::string failed_tag{};  ///< to which that run went; empty: nothing failed

  bool is_deployed() const { return reason == deployed; }
};

/// What a tag became: artifacts, each with the digest of what it is made from (empty: pulled).
using Artifacts = std::map<ResourceId, std::string>;

/// A version that is or was an environment's current one, and those of its artifacts that the
/// environment counts on.
struct Version {
  EnvironmentId id;
  std::string tag;
  std::string commit;
  WallTime from{};
  std::optional<WallTime> until;  ///< none: it is the current one
  Artifacts artifacts;
};

/// A version whose artifacts were supplied, and that was never recorded: it failed, was cut off, or
/// is under way.
struct Tried {
  std::string tag;
  WallTime at{};
  Artifacts artifacts;
};

/// Who counts on an artifact, made from which inputs.
struct Claim {
  EnvironmentId id;
  std::string inputs;
};

/// An artifact that nobody counts on any more.
struct Outdated {
  std::string inputs;
  std::string reason;  ///< for the plan: `keep is 1`
  bool operator==(const Outdated&) const = default;
};

/// What `verify.watch` goes by: written with the record, and by nothing else.
struct Watched {
  WallTime from{};                    ///< when it came to run; healing it begins nothing anew
  std::optional<std::string> back{};  ///< the tag that it replaced; none: nothing is gone back to
  std::set<ResourceId> unwell{};      ///< so before it, which kept nobody from recording it
};

/// A person's stop: nothing is done until it is taken back, or until its time is over.
struct Suspension {
  std::string who;
  std::string reason;
  WallTime at{};
  std::optional<WallTime> until;
};

/// `by anna since 2026-11-21T10:40:41Z until 2026-11-22T08:00:00Z: moving the disks`
std::string for_people(const Suspension& suspension);

/// So often a field that differs is put right by itself; then it is left to a person.
inline constexpr int most_put_right = 3;

/// The tag of a step's once key: `APP/ENV/STEP@TAG+COMMIT`; empty where a person ran it by hand.
std::string tag_of_once(const std::string& once_key);

/// A backup that was made before a release, when none began since, nor anything else of ours that
/// may have changed the data.
struct IdleBackup {
  std::string file;
  WallTime at{};  ///< by the clock of that time, which may have been put back since
  bool operator==(const IdleBackup&) const = default;
};

struct Memory {
  std::string lineage;
  bool adopted = false;  ///< taken over and nothing recorded since: what ran before is not known
  std::int64_t newest_attempt = 0;  ///< of the whole ledger: what is on the host cannot be newer
  std::optional<Release> current;   ///< last recorded, and so the last good
  std::optional<Release> previous;
  std::map<std::string, Fate> once;                 ///< once_key -> fate of its newest attempt
  std::map<std::string, std::string> once_attempt;  ///< once_key -> that attempt's id
  std::optional<std::string> unfinished;            ///< digest of a target begun and not recorded
  std::optional<std::string> changed_to;            ///< digest for which the switch steps have run
  std::optional<Target> target;                     ///< none: what git asks for
  bool touched = false;  ///< since the last record something that runs was begun to be changed
  std::optional<std::string> ran_by_hand;  ///< while touched: a tag deployed by hand, before that
  std::set<ResourceId> unwell_before;      ///< while touched: what was unwell before that
  /// The ledger's newest attempt when `current` was recorded: what is newer is part of no version.
  std::int64_t recorded_attempt = 0;
  /// None: `current` was gone back to, taken over, or recorded by a program that wrote no such
  /// thing.
  std::optional<Watched> watched;
  std::set<std::string> released;        ///< tags whose once-a-tag work was tried since then
  std::optional<std::string> overruled;  ///< a tag deployed by hand that a person lets us undo
  std::optional<Suspension> suspended;
  std::set<std::string> approved;  ///< plans by id, and what was approved with them (gates.hpp)
  /// How often a field differed, and was put right or would have been once too often, since what is
  /// asked for changed; what did so last more than 24 h ago is not counted.
  std::map<std::pair<ResourceId, std::string>, int> returns;
  /// The tag whose data was brought back since `current` came to run, and on which no release was
  /// run since; none: the data is that of `current`.
  std::optional<std::string> data_of;
  /// Backups, by file, of what half a restore had left: none of them takes a good one's place.
  std::set<std::string> half_backups;
  /// Oldest first.
  std::vector<IdleBackup> idle_backups;
  /// Once keys of tags that do not run, whose work succeeded, and data from before it was brought
  /// back since: whether it is to be done again is for a person to say.
  std::set<std::string> undone;
  /// Once keys for which a person answered as to data that is gone: a backup from before the answer
  /// was brought back since. Not those of what runs that are done.
  std::set<std::string> answered_of_other_data;
  /// Nobody has found what runs well since the newest restore: what is unwell may be so by the
  /// data, and is excused by nothing.
  bool unwell_since_restored = false;
  std::vector<Version> versions;  ///< the newest of this environment, newest first
  std::vector<Tried> tried;
  std::map<ResourceId, std::vector<Claim>> claims;  ///< on artifacts, by other environments
  /// What retention lets go (plan/retention.hpp), for drivers to say whether it is there, and to
  /// offer its removal.
  std::map<ResourceId, Outdated> outdated;
  bool kept = false;        ///< the ledger has what it takes to make `current` again
  SealedRecords snapshots;  ///< of `current`, those that a driver wants at each look

  /// A stop ends by itself when its time is over.
  bool suspended_at(WallTime now) const {
    return suspended && (!suspended->until || *suspended->until > now);
  }
};

}  // namespace reconciler
