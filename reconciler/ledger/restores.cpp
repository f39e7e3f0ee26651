// Restores: what became of the newest one that had begun to give its file to somebody.
#include "reconciler/ledger/restores.hpp"

#include "reconciler/base/backups.hpp"
#include "reconciler/ledger/parts.hpp"

namespace reconciler {
namespace {

/// The newest restore that came to its end by itself, of a file that can be told by its name.
struct BroughtBack {
  std::int64_t attempt = 0;
  std::int64_t started = 0;
  Backup file;
};

Result<std::optional<BroughtBack>> newest_brought_back(Database& database,
                                                       const EnvironmentId& id) {
  auto query = database.query(
      "SELECT coalesce(json_extract(work, '$.input.file'), ''), id, started, settled_by FROM "
      "attempts WHERE environment = ? AND verb = 'restore' AND fate = 'succeeded' "
      "ORDER BY id DESC LIMIT 1");
  if (!query) return failed(query);
  auto row = query->bind(id.text()).step();
  if (!row) return failed(row);
  // What a person has put right is no file's data any more.
  auto file = *row && query->text(3).empty() ? backup_called(query->text(0)) : std::nullopt;
  if (!file) return std::optional<BroughtBack>();
  return std::optional(BroughtBack{query->number(1), query->number(2), std::move(*file)});
}

/// Of each once key the newest attempt, which succeeded after that file was made and before it was
/// brought back. A file is named by the second: what was done within that is asked about, too.
Result<std::set<std::string>> undone_by(Database& database, const EnvironmentId& id,
                                        const BroughtBack& back) {
  auto query = database.query(
      "SELECT once_key FROM attempts AS one WHERE environment = ?1 AND once_key != '' AND "
      "fate = 'succeeded' AND id < ?2 AND started >= ?3 AND coalesce(settled_at, 0) < ?4 AND "
      "id = (SELECT max(id) FROM attempts WHERE environment = ?1 AND once_key = one.once_key AND "
      "once_key != '')");
  if (!query) return failed(query);
  query->bind(id.text())
      .bind(back.attempt)
      .bind(std::int64_t{back.file.at.time_since_epoch().count()})
      .bind(back.started);
  auto keys = query->texts();
  if (!keys) return failed(keys);
  return std::set<std::string>(keys->begin(), keys->end());
}

/// Of which version the data is, where an older one's was brought back.
Status read_data_of(Database& database, const EnvironmentId& id, const BroughtBack& back,
                    Memory& into) {
  if (!into.versions.empty() && into.versions.front().from > wall_time(back.started)) return {};
  auto release = database.query(
      "SELECT 1 FROM attempts WHERE environment = ? AND id > ? AND phase IN ('release', 'after') "
      "AND verb = 'release' AND once_key != '' AND fate = 'succeeded' LIMIT 1");
  if (!release) return failed(release);
  auto released = release->bind(id.text()).bind(back.attempt).step();
  if (!released) return failed(released);
  if (!*released) into.data_of = back.file.tag;
  return {};
}

}  // namespace

std::string tag_of_once(const std::string& once_key) {
  const auto at = once_key.rfind('@');
  if (at == std::string::npos) return "";
  return once_key.substr(at + 1, once_key.find('+', at) - at - 1);
}

Status read_brought_back(Database& database, const EnvironmentId& id, Memory& into) {
  auto back = newest_brought_back(database, id);
  if (!back) return failed(back);
  if (!*back) return {};
  if (auto read = read_data_of(database, id, **back, into); !read) return read;
  auto undone = undone_by(database, id, **back);
  if (!undone) return failed(undone);
  for (const auto& key : *undone) {
    const std::string tag = tag_of_once(key);
    // Of what runs, a task by hand does it again.
    if (!tag.empty() && !(into.current && into.current->tag == tag)) into.undone.insert(key);
  }
  return {};
}

Result<bool> is_undone(Database& database, const EnvironmentId& id, const std::string& once_key) {
  auto back = newest_brought_back(database, id);
  if (!back) return failed(back);
  if (!*back) return false;
  auto undone = undone_by(database, id, **back);
  if (!undone) return failed(undone);
  return undone->contains(once_key);
}

Result<std::optional<RunRow>> Ledger::last_restoring_run(const EnvironmentId& id) const {
  RunId serial = 0;
  {
    const std::lock_guard lock(parts_->mutex);
    // One without a fate never began: it gave nothing to anybody.
    auto query = parts_->database.query(
        "SELECT run FROM attempts WHERE environment = ? AND verb = 'restore' AND "
        "fate IS NOT NULL ORDER BY id DESC LIMIT 1");
    if (!query) return failed(query);
    auto row = query->bind(id.text()).step();
    if (!row) return failed(row);
    if (!*row) return std::optional<RunRow>();
    serial = query->number(0);
  }
  auto found = run(serial);
  if (!found) return failed(found);
  return std::optional(std::move(*found));
}

Result<bool> Ledger::well_since(const EnvironmentId& id, RunId run) const {
  const std::lock_guard lock(parts_->mutex);
  auto query = parts_->database.query(
      "SELECT 1 FROM runs WHERE environment = ?1 AND serial >= ?2 AND "
      "condition IN ('Ready', 'RolledBack') AND (serial = ?2 OR reason = 'Settled' OR EXISTS "
      "(SELECT 1 FROM attempts WHERE run = runs.serial AND phase = 'verify' AND "
      "fate = 'succeeded')) LIMIT 1");
  if (!query) return failed(query);
  return query->bind(id.text()).bind(run).step();
}

Status Ledger::settle_restore(const EnvironmentId& id, const std::string& who) {
  const std::lock_guard lock(parts_->mutex);
  Database& db = parts_->database;
  auto transaction = Transaction::begin(db, "settle");
  if (!transaction) return failed(transaction);
  auto query = db.query(
      "UPDATE attempts SET fate = 'succeeded', code = '', settled_by = ?1, settled_at = ?2 "
      "WHERE id = (SELECT max(id) FROM attempts WHERE environment = ?3 AND verb = 'restore' AND "
      "fate IS NOT NULL) AND fate != 'succeeded'");
  if (!query) return failed(query);
  query->bind(who).bind(parts_->wall()).bind(id.text());
  if (auto done = query->run(); !done) return done;
  // Beside what git asks for: how that ended goes on to count.
  if (auto noted = parts_->note(id, "", "Ready", "Settled", who, Parts::Noted::aside); !noted)
    return failed(noted);
  return transaction->commit();
}

}  // namespace reconciler
