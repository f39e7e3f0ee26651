// The versions that an environment had, one after the other, and what was released since each.
#include <map>

#include "reconciler/ledger/parts.hpp"

namespace reconciler {
namespace {

constexpr size_t most_versions = 200;

Result<std::vector<Version>> versions_of(Database& database, const EnvironmentId& id) {
  auto query = database.query(
      "SELECT tag, commit_id, from_at, until_at FROM versions WHERE environment = ? "
      "ORDER BY serial DESC LIMIT ?");
  if (!query) return failed(query);
  query->bind(id.text()).bind(std::int64_t{most_versions});
  std::vector<Version> all;
  for (;;) {
    auto row = query->step();
    if (!row) return failed(row);
    if (!*row) return all;
    Version& one = all.emplace_back(
        Version{id, query->text(0), query->text(1), wall_time(query->number(2)), {}, {}});
    if (!query->null(3)) one.until = wall_time(query->number(3));
  }
}

}  // namespace

Status read_artifacts(Database& database, const EnvironmentId& id, Memory& into) {
  auto versions = versions_of(database, id);
  if (!versions) return failed(versions);
  into.versions = std::move(*versions);
  auto query = database.query(
      "SELECT tag, at, driver, kind, name, inputs FROM artifacts WHERE environment = ?");
  if (!query) return failed(query);
  query->bind(id.text());
  std::map<std::string, Tried> tried;
  for (;;) {
    auto row = query->step();
    if (!row) return failed(row);
    if (!*row) break;
    const std::string tag = query->text(0);
    const ResourceId artifact{query->text(2), query->text(3), query->text(4)};
    bool recorded = false;
    for (auto& version : into.versions) {
      if (version.tag != tag) continue;
      version.artifacts[artifact] = query->text(5);
      recorded = true;
    }
    // Where not all versions were read it may be of one that is older.
    if (recorded || into.versions.size() == most_versions) continue;
    Tried& one = tried[tag];
    one.tag = tag;
    one.at = std::max(one.at, wall_time(query->number(1)));
    one.artifacts[artifact] = query->text(5);
  }
  for (auto& [tag, one] : tried) into.tried.push_back(std::move(one));
  return {};
}

Status record_version(Database& database, const std::string& environment, const Release& release,
                      std::int64_t now) {
  {
    auto query = database.query(
        "UPDATE versions SET until_at = ? WHERE environment = ? AND until_at IS NULL AND tag != ?");
    if (!query) return failed(query);
    if (auto done = query->bind(now).bind(environment).bind(release.tag).run(); !done) return done;
  }
  {
    auto query = database.query(
        "UPDATE versions SET commit_id = ? WHERE environment = ? AND until_at IS NULL");
    if (!query) return failed(query);
    if (auto done = query->bind(release.commit).bind(environment).run(); !done) return done;
  }
  auto query = database.query(
      "INSERT INTO versions (environment, tag, commit_id, from_at) SELECT ?1, ?2, ?3, ?4 WHERE NOT "
      "EXISTS (SELECT 1 FROM versions WHERE environment = ?1 AND until_at IS NULL)");
  if (!query) return failed(query);
  return query->bind(environment).bind(release.tag).bind(release.commit).bind(now).run();
}

Result<std::vector<Version>> Ledger::versions(const EnvironmentId& id) const {
  const std::lock_guard lock(parts_->mutex);
  return versions_of(parts_->database, id);
}

Result<std::vector<std::string>> Ledger::released_since(const EnvironmentId& id,
                                                        const std::string& tag,
                                                        WallTime since) const {
  const std::lock_guard lock(parts_->mutex);
  // Assumed work was done before anybody here knew of the environment.
  auto query = parts_->database.query(
      "SELECT runs.to_tag FROM attempts JOIN runs ON runs.serial = attempts.run "
      "WHERE attempts.environment = ?1 AND once_key != '' AND action_key != '' AND "
      "fate IS NOT 'not started' AND (attempts.started >= ?3 OR run > "
      // The first run that recorded it since another tag was recorded last before it.
      "(SELECT min(serial) FROM runs WHERE environment = ?1 AND to_tag = ?2 AND condition = "
      "'Ready' AND aside = 0 AND serial > (SELECT coalesce(max(serial), 0) FROM runs WHERE "
      "environment = ?1 AND to_tag != ?2 AND condition = 'Ready' AND aside = 0 AND serial < "
      "(SELECT "
      "max(serial) FROM runs WHERE environment = ?1 AND to_tag = ?2 AND condition = 'Ready' AND "
      "aside = 0)))) "
      "GROUP BY runs.to_tag ORDER BY min(attempts.id)");
  if (!query) return failed(query);
  return query->bind(id.text())
      .bind(tag)
      .bind(std::int64_t{since.time_since_epoch().count()})
      .texts();
}

Status Ledger::forget(const EnvironmentId& id, const std::string& who) {
  const std::lock_guard lock(parts_->mutex);
  Database& db = parts_->database;
  auto transaction = Transaction::begin(db, "remove");
  if (!transaction) return failed(transaction);
  {
    auto query =
        db.query("UPDATE versions SET until_at = ? WHERE environment = ? AND until_at IS NULL");
    if (!query) return failed(query);
    if (auto done = query->bind(parts_->wall()).bind(id.text()).run(); !done) return done;
  }
  for (const char* sql :
       {"UPDATE environments SET current_tag = NULL, current_commit = NULL, current_digest = NULL, "
        "current_at = NULL, previous_tag = NULL, previous_commit = NULL, previous_digest = NULL, "
        "previous_at = NULL, unfinished = NULL, changed_to = NULL, overruled = NULL, touched = 0, "
        "ran_by_hand = NULL, watched_from = NULL, watched_back = NULL, watched_unwell = '[]', "
        "watched_of = NULL, "
        "adopted_at = NULL, serial = serial + 1 WHERE name = ?",
        "DELETE FROM targets WHERE environment = ?", "DELETE FROM snapshots WHERE environment = ?",
        "DELETE FROM suspensions WHERE environment = ?",
        "DELETE FROM approvals WHERE environment = ?", "DELETE FROM returns WHERE environment = ?",
        "DELETE FROM artifacts WHERE environment = ?"}) {
    auto query = db.query(sql);
    if (!query) return failed(query);
    if (auto done = query->bind(id.text()).run(); !done) return done;
  }
  if (auto run = parts_->note(id, "", "Removed", "Requested", who); !run) return failed(run);
  return transaction->commit();
}

}  // namespace reconciler
