// Restores: which had begun to give their file to somebody, what that undid, and whether what runs
// was found well since.
#include "reconciler/ledger/restores.hpp"

#include <limits>

#include "reconciler/base/backups.hpp"
#include "reconciler/ledger/parts.hpp"

namespace reconciler {
namespace {

/// A backup of a backup of a backup: further back nobody asks.
constexpr int most_restores = 20;
/// As many as a folder may be asked to keep, and more than anybody makes of data in doubt.
constexpr std::int64_t most_half_backups = 200;

struct Restored {
  std::int64_t attempt = 0;
  std::int64_t started = 0;
  RunId run = 0;
  std::string file;
};

/// Which of them count: each that had begun (one without a fate gave nothing to anybody), or those
/// that came to their end, by themselves or as a person says.
enum class Counted { begun, whole };

Result<std::optional<Restored>> newest_restored(
    Database& database, const EnvironmentId& id, Counted which,
    std::int64_t before = std::numeric_limits<std::int64_t>::max()) {
  auto query = database.query(
      "SELECT id, started, run, coalesce(json_extract(work, '$.input.file'), '') FROM attempts "
      "WHERE environment = ?1 AND verb = 'restore' AND fate IS NOT NULL AND "
      "(?2 OR fate = 'succeeded') AND id < ?3 ORDER BY id DESC LIMIT 1");
  if (!query) return failed(query);
  query->bind(id.text()).bind(std::int64_t{which == Counted::begun}).bind(before);
  auto row = query->step();
  if (!row) return failed(row);
  if (!*row) return std::optional<Restored>();
  return std::optional(
      Restored{query->number(0), query->number(1), query->number(2), query->text(3)});
}

/// The newest attempt that had been made when that file was: the backup itself; of a file that was
/// brought here from elsewhere what was begun before the time that it is named for.
Result<std::int64_t> made_with(Database& database, const EnvironmentId& id,
                               const std::string& file) {
  auto query = database.query(
      "SELECT coalesce((SELECT max(id) FROM attempts WHERE environment = ?1 AND verb = 'backup' "
      "AND "
      "CASE WHEN json_valid(evidence) THEN json_extract(evidence, '$.file') END = ?2), "
      "(SELECT max(id) FROM attempts WHERE environment = ?1 AND started < ?3), 0)");
  if (!query) return failed(query);
  const auto named = backup_called(file);
  query->bind(id.text()).bind(file).bind(
      std::int64_t{named ? named->at.time_since_epoch().count() : 0});
  auto row = query->step();
  if (!row) return failed(row);
  return query->number(0);
}

/// Once keys of which nobody knows any more.
struct AskedAgain {
  std::set<std::string> undone;
  std::set<std::string> answered;  ///< Memory::answered_of_other_data
};

/// Of each once key the newest attempt, which succeeded between the making of the file (?2) and its
/// coming back (?3, in run ?4), and for which nobody has answered since.
constexpr const char* undone_keys =
    "SELECT once_key FROM attempts AS one WHERE environment = ?1 AND once_key != '' AND "
    "fate = 'succeeded' AND id > ?2 AND id < ?3 AND coalesce(settled_run, 0) < ?4 AND "
    "id = (SELECT max(id) FROM attempts WHERE environment = ?1 AND once_key = one.once_key AND "
    "once_key != '')";

/// Once keys whose attempt is in the file, while a person answered for it only after the file was
/// made: about the data that it took the place of. Whoever answered, or tried, since knows better.
constexpr const char* answered_keys =
    "SELECT once_key FROM attempts AS one WHERE environment = ?1 AND once_key != '' AND "
    "id <= ?2 AND settled_run > (SELECT run FROM attempts WHERE id = ?2) AND settled_run < ?4 "
    "AND NOT EXISTS (SELECT 1 FROM attempts WHERE environment = ?1 AND "
    "once_key = one.once_key AND once_key != '' AND (id > ?3 OR settled_run > ?4))";

Status add_keys(Database& database, const char* which, const EnvironmentId& id, std::int64_t made,
                const Restored& back, std::set<std::string>& into) {
  auto query = database.query(which);
  if (!query) return failed(query);
  auto keys = query->bind(id.text()).bind(made).bind(back.attempt).bind(back.run).texts();
  if (!keys) return failed(keys);
  into.insert(keys->begin(), keys->end());
  return {};
}

/// What the newest restore changed of that; and, as its file may have been made of data that was
/// brought back itself, what that had.
Result<AskedAgain> asked_again(Database& database, const EnvironmentId& id,
                               const Restored& newest) {
  AskedAgain all;
  std::optional<Restored> back = newest;
  for (int n = 0; back && n < most_restores; ++n) {
    auto made = made_with(database, id, back->file);
    if (!made) return failed(made);
    for (const auto& [which, into] :
         {std::pair(undone_keys, &all.undone), std::pair(answered_keys, &all.answered)})
      if (auto done = add_keys(database, which, id, *made, *back, *into); !done)
        return failed(done);
    auto before = newest_restored(database, id, Counted::begun, std::min(*made, back->attempt));
    if (!before) return failed(before);
    back = std::move(*before);
  }
  return all;
}

/// Of which version the data is, where an older one's was brought back.
Status read_data_of(Database& database, const EnvironmentId& id, const Restored& back,
                    Memory& into) {
  if (!into.versions.empty() && into.versions.front().from > wall_time(back.started)) return {};
  auto release = database.query(
      "SELECT 1 FROM attempts WHERE environment = ? AND id > ? AND phase IN ('release', 'after') "
      "AND verb = 'release' AND once_key != '' AND fate = 'succeeded' LIMIT 1");
  if (!release) return failed(release);
  auto released = release->bind(id.text()).bind(back.attempt).step();
  if (!released) return failed(released);
  if (*released) return {};
  if (auto file = backup_called(back.file)) into.data_of = std::move(file->tag);
  return {};
}

/// That run itself ended well, or one after it asked all checks and did, or a person said so. What
/// was gone back to was asked in a run of its own.
Result<bool> is_well_since(Database& database, const EnvironmentId& id, RunId run) {
  auto query = database.query(
      "SELECT 1 FROM runs WHERE environment = ?1 AND serial >= ?2 AND condition = 'Ready' AND "
      "reason != 'StepLeftOut' AND (serial = ?2 OR reason = 'Settled' OR EXISTS "
      "(SELECT 1 FROM attempts WHERE run = runs.serial AND phase = 'verify' AND "
      "fate = 'succeeded')) LIMIT 1");
  if (!query) return failed(query);
  return query->bind(id.text()).bind(run).step();
}

/// Files that were made after a restore had begun, and before it was whole.
Result<std::set<std::string>> half_backups(Database& database, const EnvironmentId& id) {
  auto query = database.query(
      "SELECT CASE WHEN json_valid(made.evidence) THEN json_extract(made.evidence, '$.file') END "
      "AS file FROM attempts AS made JOIN attempts AS back ON back.id = (SELECT max(id) FROM "
      "attempts WHERE environment = ?1 AND verb = 'restore' AND fate IS NOT NULL AND id < made.id) "
      "WHERE made.environment = ?1 AND made.verb = 'backup' AND made.fate = 'succeeded' AND "
      "made.id > (SELECT min(id) FROM attempts WHERE environment = ?1 AND verb = 'restore' AND "
      "fate IS NOT NULL AND (fate != 'succeeded' OR settled_run IS NOT NULL)) AND "
      "file IS NOT NULL AND (back.fate != 'succeeded' OR back.settled_run > made.run) "
      "ORDER BY made.id DESC LIMIT ?2");
  if (!query) return failed(query);
  auto files = query->bind(id.text()).bind(most_half_backups).texts();
  if (!files) return failed(files);
  return std::set<std::string>(files->begin(), files->end());
}

}  // namespace

Status read_brought_back(Database& database, const EnvironmentId& id, Memory& into) {
  auto back = newest_restored(database, id, Counted::begun);
  if (!back) return failed(back);
  if (!*back) return {};
  auto whole = newest_restored(database, id, Counted::whole);
  if (!whole) return failed(whole);
  if (*whole) {
    if (auto read = read_data_of(database, id, **whole, into); !read) return read;
    auto well = is_well_since(database, id, (*whole)->run);
    if (!well) return failed(well);
    into.unwell_since_restored = !*well;
  }
  auto half = half_backups(database, id);
  if (!half) return failed(half);
  into.half_backups = std::move(*half);
  auto again = asked_again(database, id, **back);
  if (!again) return failed(again);
  // Of what runs, and is not due, a task by hand does it again.
  const auto is_settled = [&](const std::string& key) {
    const std::string tag = tag_of_once(key);
    const auto fate = into.once.find(key);
    const bool runs = into.current && into.current->tag == tag;
    return tag.empty() || (runs && fate != into.once.end() && fate->second == Fate::succeeded);
  };
  std::erase_if(again->undone, is_settled);
  std::erase_if(again->answered, is_settled);
  into.undone = std::move(again->undone);
  into.answered_of_other_data = std::move(again->answered);
  return {};
}

Result<bool> is_asked_again(Database& database, const EnvironmentId& id,
                            const std::string& once_key) {
  auto back = newest_restored(database, id, Counted::begun);
  if (!back) return failed(back);
  if (!*back) return false;
  auto again = asked_again(database, id, **back);
  if (!again) return failed(again);
  return again->undone.contains(once_key) || again->answered.contains(once_key);
}

Result<std::optional<RunRow>> Ledger::last_restoring_run(const EnvironmentId& id) const {
  RunId serial = 0;
  {
    const std::lock_guard lock(parts_->mutex);
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
  return is_well_since(parts_->database, id, run);
}

Status Ledger::settle_restore(const EnvironmentId& id, const std::string& who) {
  const std::lock_guard lock(parts_->mutex);
  Database& db = parts_->database;
  auto transaction = Transaction::begin(db, "settle");
  if (!transaction) return failed(transaction);
  // Beside what git asks for: how that ended goes on to count.
  auto noted = parts_->note(id, "", "Ready", "Settled", who, Parts::Noted::aside);
  if (!noted) return failed(noted);
  auto query = db.query(
      "UPDATE attempts SET fate = 'succeeded', code = '', settled_by = ?1, settled_at = ?2, "
      "settled_run = ?4 WHERE id = (SELECT max(id) FROM attempts WHERE environment = ?3 AND "
      "verb = 'restore' AND fate IS NOT NULL) AND fate != 'succeeded'");
  if (!query) return failed(query);
  query->bind(who).bind(parts_->wall()).bind(id.text()).bind(*noted);
  if (auto done = query->run(); !done) return done;
  return transaction->commit();
}

}  // namespace reconciler
