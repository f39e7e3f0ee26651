// The effective target: what an environment is to be while what git asks for is rejected.
#include "reconciler/base/failpoint.hpp"
#include "reconciler/ledger/parts.hpp"

namespace reconciler {
Status write_target(Database& database, const EnvironmentId& id, const Target& target) {
  auto query = database.query(
      "INSERT OR REPLACE INTO targets (environment, tag, rejected, rejected_tag, reason, why, run, "
      "at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  if (!query) return failed(query);
  query->bind(id.text()).bind(target.tag).bind(target.rejected).bind(target.rejected_tag);
  query->bind(target.reason)
      .bind(target.why)
      .bind(target.run)
      .bind(std::int64_t{target.at.time_since_epoch().count()});
  return query->run();
}

Status read_target(Database& database, const EnvironmentId& id, std::optional<Target>& into) {
  auto query = database.query(
      "SELECT tag, rejected, rejected_tag, reason, why, run, at, ifnull((SELECT to_tag FROM runs "
      "WHERE serial = targets.run), '') FROM targets WHERE environment = ?");
  if (!query) return failed(query);
  auto row = query->bind(id.text()).step();
  if (!row) return failed(row);
  if (*row)
    into = Target{query->text(0),
                  query->text(1),
                  query->text(2),
                  query->text(3),
                  query->text(4),
                  query->number(5),
                  wall_time(query->number(6)),
                  query->text(7)};
  return {};
}

Status delete_target(Database& database, const EnvironmentId& id) {
  auto query = database.query("DELETE FROM targets WHERE environment = ?");
  if (!query) return failed(query);
  return query->bind(id.text()).run();
}

namespace {

Status begin_anew(Database& database, const EnvironmentId& id,
                  const std::optional<std::string>& overruled) {
  if (auto done = forget_returns(database, id); !done) return done;
  auto undo = database.query("UPDATE environments SET overruled = ? WHERE name = ?");
  if (!undo) return failed(undo);
  return undo->bind(overruled).bind(id.text()).run();
}

}  // namespace

Status Ledger::reject(RunId run, const RunEnd& end, const Target& target) {
  const std::lock_guard lock(parts_->mutex);
  auto transaction = Transaction::begin(parts_->database, "reject");
  if (!transaction) return failed(transaction);
  auto id = write_end(parts_->database, run, end, parts_->wall());
  if (!id) return failed(id);
  if (auto done = write_target(parts_->database, *id, target); !done) return done;
  if (auto point = failpoint("ledger.reject.within"); !point) return point;
  return transaction->commit();
}

Result<std::string> Ledger::retry(const EnvironmentId& id, const std::string& who,
                                  const std::optional<std::string>& overruled) {
  const std::lock_guard lock(parts_->mutex);
  Database& db = parts_->database;
  auto transaction = Transaction::begin(db, "retry");
  if (!transaction) return failed(transaction);
  std::optional<Target> target;
  if (auto done = read_target(db, id, target); !done) return failed(done);
  auto query = db.query("SELECT 1 FROM runs WHERE environment = ?");
  if (!query) return failed(query);
  auto row = query->bind(id.text()).step();
  if (!row) return failed(row);
  if (!*row)
    return failure(error("retry.unknown", "nothing was done here for " + id.text() + " yet")
                       .next("reconciler apply " + id.text()));
  const std::string tag = target ? target->rejected_tag : "";
  auto noted = parts_->note(id, tag, "Reconciling", "Retry", who);
  if (!noted) return failed(noted);
  // Of each once key the newest attempt counts.
  auto failed_once = db.query(
      "UPDATE attempts SET fate = 'not started', settled_by = ?1, settled_at = ?2, settled_run = "
      "?5 "
      "WHERE environment = ?3 AND once_key != '' AND fate = 'failed' AND id IN "
      "(SELECT max(id) FROM attempts WHERE environment = ?3 GROUP BY once_key) AND "
      "(?4 = '' OR instr(once_key || '+', '@' || ?4 || '+') > 0)");
  if (!failed_once) return failed(failed_once);
  failed_once->bind(who).bind(parts_->wall()).bind(id.text()).bind(tag).bind(*noted);
  if (auto done = failed_once->run(); !done) return failed(done);
  if (auto done = delete_target(db, id); !done) return failed(done);
  if (auto done = begin_anew(db, id, overruled); !done) return failed(done);
  if (auto done = transaction->commit(); !done) return failed(done);
  return tag;
}

Status Ledger::put_right_again(const EnvironmentId& id, const std::string& who,
                               const std::optional<std::string>& overruled) {
  const std::lock_guard lock(parts_->mutex);
  auto transaction = Transaction::begin(parts_->database, "retry");
  if (!transaction) return failed(transaction);
  // How the rejected one ended goes on to count.
  auto noted = parts_->note(id, "", "Reconciling", "Retry", who, Parts::Noted::aside);
  if (!noted) return failed(noted);
  if (auto done = begin_anew(parts_->database, id, overruled); !done) return done;
  return transaction->commit();
}

Status Ledger::clear_target(const EnvironmentId& id) {
  const std::lock_guard lock(parts_->mutex);
  auto transaction = Transaction::begin(parts_->database, "clear");
  if (!transaction) return failed(transaction);
  if (auto done = delete_target(parts_->database, id); !done) return done;
  return transaction->commit();
}

}  // namespace reconciler
