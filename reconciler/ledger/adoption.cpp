// Taking an environment over: whose things count as ours, and what is assumed of the time before.
#include "reconciler/ledger/parts.hpp"

namespace reconciler {
namespace {

/// What adoption found out takes the place of what was remembered; without it that stays.
Status take_over(Database& db, const EnvironmentId& id, const Adoption& adoption,
                 std::int64_t now) {
  {
    auto query =
        db.query("UPDATE environments SET adopted_at = ?, serial = serial + 1 WHERE name = ?");
    if (!query) return failed(query);
    if (auto done = query->bind(now).bind(id.text()).run(); !done) return done;
  }
  if (!adoption.current) return {};
  // What runs is not what was recorded here: a record of that would make something else of it.
  if (auto done = drop_snapshots(db, id); !done) return done;
  if (auto done = replace_snapshots(db, id.text(), false, adoption.snapshots); !done) return done;
  auto query = db.query(
      "UPDATE environments SET current_tag = ?, current_commit = ?, current_digest = ?, "
      "current_at = ?, previous_tag = ?, previous_commit = ?, previous_digest = ?, "
      "previous_at = ?, changed_to = ?, unfinished = NULL WHERE name = ?");
  if (!query) return failed(query);
  bind_release(*query, adoption.current);
  bind_release(*query, adoption.previous);
  if (auto done = query->bind(adoption.changed_to).bind(id.text()).run(); !done) return done;
  const auto at = [](const Release& release) {
    return std::int64_t{release.at.time_since_epoch().count()};
  };
  for (const auto& tag : adoption.before)
    if (auto done = record_version(db, id.text(), {tag, "", "", {}}, now); !done) return done;
  if (const auto& previous = adoption.previous)
    if (auto done = record_version(db, id.text(), *previous, at(*previous)); !done) return done;
  return record_version(db, id.text(), *adoption.current, at(*adoption.current));
}

/// What was tried before is part of the version that was found.
Status count_as_recorded(Database& db, const EnvironmentId& id) {
  auto query = db.query(
      "UPDATE environments SET touched = 0, unwell_before = '[]', ran_by_hand = NULL, "
      "watched_from = NULL, watched_back = NULL, watched_unwell = '[]', watched_of = NULL, "
      "recorded_attempt = (SELECT coalesce(max(id), 0) FROM attempts) WHERE name = ?");
  if (!query) return failed(query);
  return query->bind(id.text()).run();
}

/// Once-only work that was not done here, as somebody says it went.
struct Assumed {
  std::string once_key;
  std::string task;
  Fate fate;
  std::string who;  ///< empty: nobody was asked
};

Status assumed(Database& db, RunId run, const EnvironmentId& id, const Assumed& what,
               std::int64_t now) {
  auto query = db.query(
      "INSERT INTO attempts (run, environment, once_key, action_key, phase, verb, title, work, "
      "started, took_ms, fate, evidence, settled_by, settled_at) "
      "VALUES (?1, ?2, ?3, '', 'release', 'release', ?4, 'null', ?5, 0, ?6, "
      "'{\"assumed\":true}', ?7, ?5)");
  if (!query) return failed(query);
  query->bind(run).bind(id.text()).bind(what.once_key).bind(what.task).bind(now);
  return query->bind(to_text(what.fate)).bind(what.who).run();
}

}  // namespace

Status Ledger::adopt(const EnvironmentId& id, const Adoption& adoption) {
  if (auto fit = check_snapshots(adoption.snapshots); !fit) return fit;
  const std::lock_guard lock(parts_->mutex);
  Database& db = parts_->database;
  auto transaction = Transaction::begin(db, "adopt");
  if (!transaction) return failed(transaction);
  if (auto known = parts_->know(id); !known) return known;
  if (auto done = take_over(db, id, adoption, parts_->wall()); !done) return done;
  for (const auto& lineage : adoption.lineages) {
    auto query = db.query(
        "INSERT OR REPLACE INTO lineages (environment, lineage, who, at) VALUES (?, ?, ?, ?)");
    if (!query) return failed(query);
    query->bind(id.text()).bind(lineage).bind(adoption.who).bind(parts_->wall());
    if (auto done = query->run(); !done) return done;
  }
  auto run = parts_->note(id, adoption.current ? adoption.current->tag : "", "Ready", "Adopted",
                          adoption.who);
  if (!run) return failed(run);
  for (const auto& [key, task] : adoption.once_keys)
    if (auto done = assumed(db, *run, id, {key, task, Fate::succeeded, ""}, parts_->wall()); !done)
      return done;
  if (adoption.current)
    if (auto done = count_as_recorded(db, id); !done) return done;
  return transaction->commit();
}

Status Ledger::assume(const EnvironmentId& id, const std::string& once_key, const std::string& task,
                      Fate fate, const std::string& who) {
  const std::lock_guard lock(parts_->mutex);
  auto transaction = Transaction::begin(parts_->database, "assume");
  if (!transaction) return failed(transaction);
  if (auto known = parts_->know(id); !known) return known;
  auto run = parts_->note(id, "", "Reconciling", "Settled", who);
  if (!run) return failed(run);
  if (auto done = assumed(parts_->database, *run, id, {once_key, task, fate, who}, parts_->wall());
      !done)
    return done;
  return transaction->commit();
}

Result<std::set<std::string>> Ledger::lineages(const EnvironmentId& id) const {
  const std::lock_guard lock(parts_->mutex);
  auto query = parts_->database.query("SELECT lineage FROM lineages WHERE environment = ?");
  if (!query) return failed(query);
  auto adopted = query->bind(id.text()).texts();
  if (!adopted) return failed(adopted);
  std::set<std::string> all(adopted->begin(), adopted->end());
  all.insert(parts_->lineage);
  return all;
}

}  // namespace reconciler
