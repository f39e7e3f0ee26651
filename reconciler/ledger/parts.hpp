// What a Ledger is made of; seen by its own sources alone.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "reconciler/ledger/database.hpp"
#include "reconciler/ledger/identity.hpp"
#include "reconciler/ledger/ledger.hpp"

namespace reconciler {

struct Ledger::Parts {
  Parts(Identity identity, const Clock& clock_of)
      : database(std::move(identity.database)),
        lineage(std::move(identity.lineage)),
        key(std::move(identity.key)),
        loss(std::move(identity.loss)),
        clock(clock_of) {}

  /// Seconds, as tables keep a time.
  std::int64_t wall() const { return clock.wall().time_since_epoch().count(); }
  /// A row for the environment, so that others can refer to it.
  Status know(const EnvironmentId& id) {
    auto query = database.query("INSERT OR IGNORE INTO environments (name) VALUES (?)");
    if (!query) return failed(query);
    return query->bind(id.text()).run();
  }

  /// A row of the history for what was no run: an adoption, an answer. One that is aside leaves how
  /// the last run ended as it is.
  enum class Noted { counts, aside };
  Result<RunId> note(const EnvironmentId& id, const std::string& tag, const std::string& condition,
                     const std::string& reason, const std::string& who,
                     Noted noted = Noted::counts) {
    auto query = database.query(
        "INSERT INTO runs (environment, plan_id, from_tag, to_tag, desired, config_commit, "
        "config_subject, who, plan, started, ended, condition, reason, aside) "
        "VALUES (?1, '', '', ?2, '', '', '', ?3, 'null', ?4, ?4, ?5, ?6, ?7)");
    if (!query) return failed(query);
    query->bind(id.text()).bind(tag).bind(who).bind(wall()).bind(condition).bind(reason);
    query->bind(std::int64_t{noted == Noted::aside});
    if (auto done = query->run(); !done) return failed(done);
    return database.last_id();
  }

  mutable std::mutex mutex;  ///< around every use of `database` and `begun`
  Database database;
  std::string lineage;
  InstallationKey key;
  std::optional<Error> loss;
  const Clock& clock;
  std::map<std::string, Instant>
      begun;  ///< attempts of this process: durations by the monotonic clock
};

inline WallTime wall_time(std::int64_t seconds) {
  return WallTime(std::chrono::seconds(seconds));
}

/// As tables keep it: `portfolio/production`.
inline EnvironmentId environment_of(const std::string& name) {
  const auto slash = name.find('/');
  return {name.substr(0, slash), name.substr(slash + 1)};
}

/// A release in four columns.
inline void bind_release(Query& query, const std::optional<Release>& release) {
  if (!release) {
    query.bind_null().bind_null().bind_null().bind_null();
    return;
  }
  query.bind(release->tag)
      .bind(release->commit)
      .bind(release->digest)
      .bind(std::int64_t{release->at.time_since_epoch().count()});
}

/// Takes `of` as the sealed records of the current version; with `moves` those that were there
/// become the previous version's. Within the caller's transaction.
Status replace_snapshots(Database& database, const std::string& environment, bool moves,
                         const SealedRecords& of);
/// `ledger.too_large`.
Status check_snapshots(const SealedRecords& snapshots);
/// Those of the current version that a driver wants at each look.
Status read_at_each_look(Database& database, const EnvironmentId& id, SealedRecords& into);
/// Nothing is known any more of how versions were made that nobody recorded here.
Status drop_snapshots(Database& database, const EnvironmentId& id);

/// `release` is the environment's version from `now` on, unless it is already. Within the caller's
/// transaction.
Status record_version(Database& database, const std::string& environment, const Release& release,
                      std::int64_t now);

/// Memory::versions and Memory::tried.
Status read_artifacts(Database& database, const EnvironmentId& id, Memory& into);

Error run_unknown(RunId run);
/// Those of an environment's older runs.
Status drop_old_logs(Database& database, const EnvironmentId& id);
/// The run ended so, at `now`; the environment that it is of. `ledger.run_unknown`.
Result<EnvironmentId> write_end(Database& database, RunId run, const RunEnd& end, std::int64_t now);
Status write_target(Database& database, const EnvironmentId& id, const Target& target);
Status delete_target(Database& database, const EnvironmentId& id);
/// A person's stop, approvals, and what came back, at `now`.
Status read_stops(Database& database, const EnvironmentId& id, std::int64_t now, Memory& into);
/// What ends with a record of `digest`: approvals, and counts of what was drift of another one.
Status end_with_record(Database& database, const std::string& environment,
                       const std::string& digest);
/// Nothing has come back so far.
Status forget_returns(Database& database, const EnvironmentId& id);
Status read_target(Database& database, const EnvironmentId& id, std::optional<Target>& into);

}  // namespace reconciler
