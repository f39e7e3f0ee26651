#include "reconciler/ledger/ledger.hpp"

#include <fmt/format.h>

#include "reconciler/base/failpoint.hpp"
#include "reconciler/driver/wire.hpp"
#include "reconciler/ledger/idle_backups.hpp"
#include "reconciler/ledger/parts.hpp"
#include "reconciler/ledger/restores.hpp"
#include "reconciler/ledger/texts.hpp"

namespace reconciler {
namespace {

/// The release in four columns from `column` on; none where the tag is null.
std::optional<Release> release_at(const Query& row, int column) {
  if (row.null(column)) return std::nullopt;
  return Release{row.text(column), row.text(column + 1), row.text(column + 2),
                 wall_time(row.number(column + 3))};
}

/// What a record takes the place of.
struct Before {
  std::string environment;
  bool another_tag;
  bool same_version;
};

/// The host has part in the digest, and what changes nothing that runs has part in what is asked:
/// where either is as it was, the version is the same. What an older program recorded is, whatever
/// is asked.
Result<Before> before_record(Database& database, RunId run, const Release& release,
                             const std::string& asked) {
  auto query = database.query(
      "SELECT name, current_tag IS NOT ?2, current_tag IS ?2 AND (current_digest IS ?3 OR "
      "watched_of IS NULL OR watched_of IS ?4) FROM environments "
      "WHERE name = (SELECT environment FROM runs WHERE serial = ?1)");
  if (!query) return failed(query);
  auto row = query->bind(run).bind(release.tag).bind(release.digest).bind(asked).step();
  if (!row) return failed(row);
  if (!*row)
    return failure(error("ledger.run_unknown", fmt::format("the ledger has no run {}", run)));
  return Before{query->text(0), query->number(1) != 0, query->number(2) != 0};
}

/// Newest attempt of each once key, and the tags that were released since the last record.
Status read_once(Database& database, const EnvironmentId& id, Memory& memory) {
  auto query = database.query(
      "SELECT once_key, id, fate FROM attempts WHERE environment = ? AND once_key != '' ORDER BY "
      "id");
  if (!query) return failed(query);
  query->bind(id.text());
  for (;;) {
    auto row = query->step();
    if (!row) return failed(row);
    if (!*row) return {};
    const std::string key = query->text(0);
    memory.once[key] = Fate::running;
    if (!query->null(2))
      if (auto done = query->as_written(wire::read_fate(query->text(2), memory.once[key])); !done)
        return done;
    memory.once_attempt[key] = query->text(1);
    if (query->number(1) > memory.recorded_attempt && memory.once[key] != Fate::not_started &&
        !tag_of_once(key).empty())
      memory.released.insert(tag_of_once(key));
  }
}

Status check_listed(Database& database) {
  auto query = database.query(unlisted_versions);
  if (!query) return failed(query);
  auto row = query->step();
  if (!row) return failed(row);
  return *row ? query->as_written(read_unlisted(query->text(0))) : Status{};
}

}  // namespace

Ledger::Ledger(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Ledger::~Ledger() = default;

Result<std::unique_ptr<Ledger>> Ledger::open(const std::string& state_dir, const Clock& clock,
                                             const std::string& vfs) {
  auto identity = open_identity(state_dir, clock, vfs);
  if (!identity) return failed(identity);
  return std::unique_ptr<Ledger>(new Ledger(std::make_unique<Parts>(std::move(*identity), clock)));
}

const std::string& Ledger::lineage() const {
  return parts_->lineage;
}
const InstallationKey& Ledger::key() const {
  return parts_->key;
}
std::optional<Error> Ledger::finished() const {
  const std::lock_guard lock(parts_->mutex);
  return parts_->database.finished();
}
const std::optional<Error>& Ledger::loss() const {
  return parts_->loss;
}

Result<bool> Ledger::needs_adoption(const EnvironmentId& id) const {
  if (!parts_->loss || parts_->loss->code == "ledger.key_lost") return false;
  const std::lock_guard lock(parts_->mutex);
  auto query = parts_->database.query(
      "SELECT 1 FROM environments WHERE name = ? AND (adopted_at IS NOT NULL OR serial > 0)");
  if (!query) return failed(query);
  auto row = query->bind(id.text()).step();
  if (!row) return failed(row);
  return !*row;
}

Result<Memory> Ledger::memory(const EnvironmentId& id) const {
  const std::lock_guard lock(parts_->mutex);
  if (auto there = parts_->database.still_there(); !there) return failed(there);
  auto reading = ReadTransaction::begin(parts_->database);
  if (!reading) return failed(reading);
  Memory memory;
  memory.lineage = parts_->lineage;
  auto newest = parts_->database.query("SELECT coalesce(max(id), 0) FROM attempts");
  if (!newest) return failed(newest);
  if (auto row = newest->step(); !row) return failed(row);
  memory.newest_attempt = newest->number(0);
  auto query = parts_->database.query(
      "SELECT current_tag, current_commit, current_digest, current_at, previous_tag, "
      "previous_commit, previous_digest, previous_at, unfinished, changed_to, "
      "adopted_at IS NOT NULL AND current_tag IS NULL, "
      "EXISTS (SELECT 1 FROM snapshots WHERE environment = name AND slot = 'current' AND "
      "driver = 'ledger'), touched, unwell_before, recorded_attempt, overruled, ran_by_hand, "
      "watched_from, watched_back, watched_unwell FROM environments WHERE name = ?");
  if (!query) return failed(query);
  auto row = query->bind(id.text()).step();
  if (!row) return failed(row);
  if (!*row) return memory;
  memory.current = release_at(*query, 0);
  memory.previous = release_at(*query, 4);
  memory.unfinished = query->maybe_text(8);
  memory.changed_to = query->maybe_text(9);
  memory.adopted = query->number(10) != 0;
  memory.kept = query->number(11) != 0;
  memory.touched = query->number(12) != 0;
  if (auto done = query->as_written(read_ids(query->text(13), memory.unwell_before)); !done)
    return failed(done);
  memory.recorded_attempt = query->number(14);
  memory.overruled = query->maybe_text(15);
  memory.ran_by_hand = query->maybe_text(16);
  if (!query->null(17)) {
    Watched& watched = memory.watched.emplace();
    watched.from = wall_time(query->number(17));
    watched.back = query->maybe_text(18);
    if (auto done = query->as_written(read_ids(query->text(19), watched.unwell)); !done)
      return failed(done);
  }
  if (auto done = check_listed(parts_->database); !done) return failed(done);
  if (auto done = read_once(parts_->database, id, memory); !done) return failed(done);
  if (auto done = read_target(parts_->database, id, memory.target); !done) return failed(done);
  if (auto done = read_stops(parts_->database, id, parts_->wall(), memory); !done)
    return failed(done);
  if (auto done = read_artifacts(parts_->database, id, memory); !done) return failed(done);
  if (auto done = read_brought_back(parts_->database, id, memory); !done) return failed(done);
  if (auto done = read_idle_backups(parts_->database, id, memory); !done) return failed(done);
  if (auto done = read_at_each_look(parts_->database, id, memory.snapshots); !done)
    return failed(done);
  return memory;
}

Status Ledger::record(RunId run, const Release& release, const SealedRecords& snapshots,
                      const RecordedAs& how) {
  if (auto fit = check_snapshots(snapshots); !fit) return fit;
  const std::lock_guard lock(parts_->mutex);
  Database& db = parts_->database;
  auto transaction = Transaction::begin(db, "record");
  if (!transaction) return failed(transaction);
  auto before = before_record(db, run, release, how.asked);
  if (!before) return failed(before);
  const auto& environment = before->environment;
  if (auto done = replace_snapshots(db, environment, before->another_tag, snapshots); !done)
    return done;
  if (auto done = end_with_record(db, environment, release.digest); !done) return done;
  {
    auto query = db.query(
        "UPDATE environments SET "
        "watched_from   = iif(?6, NULL, iif(?9, watched_from, ?4)), "
        "watched_back   = iif(?6, NULL, iif(current_tag IS NOT ?1, current_tag, "
        "iif(?9, watched_back, NULL))), "
        "watched_unwell = iif(?9, watched_unwell, ?7), "
        "watched_of     = ?8, "
        "previous_tag    = iif(current_tag IS ?1, previous_tag, current_tag), "
        "previous_commit = iif(current_tag IS ?1, previous_commit, current_commit), "
        "previous_digest = iif(current_tag IS ?1, previous_digest, current_digest), "
        "previous_at     = iif(current_tag IS ?1, previous_at, current_at), "
        "current_tag = ?1, current_commit = ?2, current_digest = ?3, current_at = ?4, "
        "unfinished = NULL, overruled = NULL, touched = 0, unwell_before = '[]', "
        "ran_by_hand = NULL, recorded_attempt = (SELECT coalesce(max(id), 0) FROM attempts), "
        "serial = serial + 1 "
        "WHERE name = ?5");
    if (!query) return failed(query);
    bind_release(*query, release);
    query->bind(environment).bind(std::int64_t{how.gone_back}).bind(as_text(how.unwell));
    query->bind(how.asked).bind(std::int64_t{before->same_version});
    if (auto done = query->run(); !done) return done;
  }
  if (auto done = record_version(db, environment, release, parts_->wall()); !done) return done;
  if (auto point = failpoint("ledger.record.within"); !point) return point;
  return transaction->commit();
}

Status Ledger::touch(const EnvironmentId& id, const std::set<ResourceId>& unwell,
                     const std::optional<std::string>& by_hand) {
  const std::lock_guard lock(parts_->mutex);
  auto transaction = Transaction::begin(parts_->database, "touch");
  if (!transaction) return failed(transaction);
  auto query = parts_->database.query(
      "UPDATE environments SET touched = 1, unwell_before = ?, ran_by_hand = ? WHERE name = ? AND "
      "touched = 0");
  if (!query) return failed(query);
  query->bind(as_text(unwell)).bind(by_hand).bind(id.text());
  if (auto done = query->run(); !done) return done;
  return transaction->commit();
}

Status Ledger::switch_steps_done(const EnvironmentId& id, const std::string& version) {
  const std::lock_guard lock(parts_->mutex);
  auto transaction = Transaction::begin(parts_->database, "switch_steps");
  if (!transaction) return failed(transaction);
  auto query = parts_->database.query(
      "INSERT INTO environments (name, changed_to) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET "
      "changed_to = excluded.changed_to");
  if (!query) return failed(query);
  if (auto done = query->bind(id.text()).bind(version).run(); !done) return done;
  return transaction->commit();
}

Result<std::int64_t> Ledger::serial(const EnvironmentId& id) const {
  const std::lock_guard lock(parts_->mutex);
  auto query = parts_->database.query("SELECT serial FROM environments WHERE name = ?");
  if (!query) return failed(query);
  auto row = query->bind(id.text()).step();
  if (!row) return failed(row);
  return *row ? query->number(0) : 0;
}

Result<std::optional<std::string>> Ledger::commit_of(const EnvironmentId& id,
                                                     const std::string& tag) const {
  const std::lock_guard lock(parts_->mutex);
  auto query =
      parts_->database.query("SELECT commit_id FROM tags WHERE environment = ? AND tag = ?");
  if (!query) return failed(query);
  auto row = query->bind(id.text()).bind(tag).step();
  if (!row) return failed(row);
  if (!*row) return std::optional<std::string>();
  return std::optional(query->text(0));
}

Status Ledger::remember_commit(const EnvironmentId& id, const std::string& tag,
                               const std::string& commit) {
  auto known = commit_of(id, tag);
  if (!known) return failed(known);
  if (*known) {
    if (**known == commit) return {};
    return failure(
        error("tag.moved", fmt::format("tag {} points at {}; it was {} when {} first used it", tag,
                                       commit.substr(0, 12), (*known)->substr(0, 12), id.text()))
            .next("tags are for ever: make a new one"));
  }
  const std::lock_guard lock(parts_->mutex);
  auto transaction = Transaction::begin(parts_->database, "tag");
  if (!transaction) return failed(transaction);
  if (auto done = parts_->know(id); !done) return done;
  auto query = parts_->database.query(
      "INSERT OR IGNORE INTO tags (environment, tag, commit_id, at) VALUES (?, ?, ?, ?)");
  if (!query) return failed(query);
  query->bind(id.text()).bind(tag).bind(commit).bind(parts_->wall());
  if (auto done = query->run(); !done) return done;
  return transaction->commit();
}

Result<std::vector<EnvironmentId>> Ledger::environments() const {
  const std::lock_guard lock(parts_->mutex);
  std::vector<EnvironmentId> all;
  auto query = parts_->database.query("SELECT name FROM environments ORDER BY name");
  if (!query) return failed(query);
  for (;;) {
    auto row = query->step();
    if (!row) return failed(row);
    if (!*row) return all;
    all.push_back(environment_of(query->text(0)));
  }
}

}  // namespace reconciler
