// What the ledger gives back of its tables: runs, attempts, and what is still open. Plain data.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/base/clock.hpp"
#include "reconciler/base/error.hpp"
#include "reconciler/base/json.hpp"
#include "reconciler/model/memory.hpp"
#include "reconciler/model/names.hpp"
#include "reconciler/model/plan.hpp"

namespace reconciler {

/// The serial of a run; it only grows, over all environments of this ledger.
using RunId = std::int64_t;

/// What is known when a run begins.
struct RunStart {
  EnvironmentId id;
  std::string plan_id;
  std::string from;  ///< empty before the first deploy
  std::string to;
  std::string desired;  ///< Desired::digest
  std::string config_commit;
  std::string config_subject;
  std::string who;  ///< who started it: a user's name, or `run`
  Json plan;        ///< to_json(Plan)
  /// The plan ends in a record, and is unfinished until then. One that only mends an output is not.
  bool to_be_recorded = true;
  /// What the environment is to be from now on in the place of what git asks for; none: that.
  std::optional<Target> target{};
  /// It only takes away what somebody started beside what runs: how it ends says nothing of what
  /// the environment is to be, whose target, last run and open run stay what they are.
  bool aside = false;
};

/// A run of that plan.
RunStart run_of(const Plan& plan, std::string who);

/// How a run ended.
struct RunEnd {
  std::string condition;  ///< Ready, Stalled, ...
  std::string reason;     ///< Succeeded, ReleaseFailed, ...
  std::string code{};     ///< of the error, if one ended it
  std::string message{};
};

/// One try at an action, for `history`.
struct AttemptRow {
  std::string id;
  std::string verb;
  Phase phase = Phase::change;
  std::string title;
  std::string once_key;
  WallTime started{};
  std::optional<Duration> took;  ///< none while no result is written
  std::optional<Fate> fate;      ///< none: no result, or `error` says why there is none
  Json evidence;
  std::string code;  ///< of the error that kept it from being carried through
  std::string message;
  std::string settled_by;  ///< who answered what became of it
};

/// One run, for `history`; newest first in lists.
struct RunRow {
  RunId serial = 0;
  EnvironmentId id;
  WallTime started{};
  std::optional<WallTime> ended;  ///< none: still at it, or it died
  std::string plan_id;
  std::string from;
  std::string to;
  std::string desired;
  std::string config_commit;
  std::string config_subject;
  std::string who;
  /// Target::reason, where it worked towards another version than git asked for; else empty.
  std::string instead;
  bool aside = false;  ///< RunStart::aside
  RunEnd end;          ///< empty texts while it has not ended
  std::vector<AttemptRow> attempts;
};

/// A run that nothing is known of the end of, and what its plan named to go back to.
struct OpenRun {
  RunRow run;
  std::string fallback;  ///< empty: nothing
};

/// A once-only attempt of which nothing final is written: the driver's `recover` is to be asked.
/// Attempt::work is as it was intended.
struct OpenAttempt {
  Attempt attempt;
  RunId run = 0;
  bool begun = false;  ///< it said that it takes effect: without a trace its fate is unknown
};

/// A stack that is taken over: what `adopt` found out, written as if it had been done here.
/// Without `current` nothing of what is remembered changes but whose the environment is.
struct Adoption {
  std::string who;
  std::optional<Release> current{};
  std::optional<Release> previous{};
  /// By once key, the step's name: these count as succeeded; history says `assumed`.
  std::map<std::string, std::string> once_keys{};
  std::optional<std::string> changed_to{};
  std::vector<std::string> before{};    ///< tags that ran before `previous`, oldest first
  SealedRecords snapshots{};            ///< of `current`
  std::vector<std::string> lineages{};  ///< others' whose things are this environment's from now on
};

}  // namespace reconciler
