// What people say beforehand (a stop, an approval), and how often what was put right came back.
#include "reconciler/ledger/parts.hpp"

namespace reconciler {
namespace {

constexpr std::int64_t counted_within = 24 * 3600;  // s: what comes back later is no return

Status read_suspension(Database& database, const EnvironmentId& id, Memory& into) {
  auto query =
      database.query("SELECT who, reason, at, until_at FROM suspensions WHERE environment = ?");
  if (!query) return failed(query);
  auto row = query->bind(id.text()).step();
  if (!row) return failed(row);
  if (!*row) return {};
  into.suspended =
      Suspension{query->text(0), query->text(1), wall_time(query->number(2)), std::nullopt};
  if (!query->null(3)) into.suspended->until = wall_time(query->number(3));
  return {};
}

Status read_returns(Database& database, const EnvironmentId& id, std::int64_t now, Memory& into) {
  // What was seen once too often, and left to a person, stays however long that takes.
  auto query = database.query(
      "SELECT driver, kind, name, field, times FROM returns WHERE environment = ? AND (times > ? "
      "OR at >= ?)");
  if (!query) return failed(query);
  query->bind(id.text()).bind(std::int64_t{most_put_right}).bind(now - counted_within);
  for (;;) {
    auto row = query->step();
    if (!row) return failed(row);
    if (!*row) return {};
    into.returns[{{query->text(0), query->text(1), query->text(2)}, query->text(3)}] =
        static_cast<int>(query->number(4));
  }
}

}  // namespace

Status read_stops(Database& database, const EnvironmentId& id, std::int64_t now, Memory& into) {
  if (auto done = read_suspension(database, id, into); !done) return done;
  auto query = database.query("SELECT plan_id FROM approvals WHERE environment = ?");
  if (!query) return failed(query);
  auto approved = query->bind(id.text()).texts();
  if (!approved) return failed(approved);
  into.approved.insert(approved->begin(), approved->end());
  return read_returns(database, id, now, into);
}

Status end_with_record(Database& database, const std::string& environment,
                       const std::string& digest) {
  // What was put right is the same version as before: what is to come after it is approved still.
  for (const char* each :
       {"DELETE FROM approvals WHERE environment = ?1 AND NOT EXISTS (SELECT 1 FROM environments "
        "WHERE name = ?1 AND current_digest = ?2)",
        "DELETE FROM returns WHERE environment = ?1 AND NOT EXISTS (SELECT 1 FROM environments "
        "WHERE name = ?1 AND current_digest = ?2)"}) {
    auto query = database.query(each);
    if (!query) return failed(query);
    if (auto done = query->bind(environment).bind(digest).run(); !done) return done;
  }
  return {};
}

Status forget_returns(Database& database, const EnvironmentId& id) {
  auto query = database.query("DELETE FROM returns WHERE environment = ?");
  if (!query) return failed(query);
  return query->bind(id.text()).run();
}

Status Ledger::suspend(const EnvironmentId& id, const Suspension& suspension) {
  const std::lock_guard lock(parts_->mutex);
  auto transaction = Transaction::begin(parts_->database, "suspend");
  if (!transaction) return failed(transaction);
  if (auto known = parts_->know(id); !known) return known;
  auto query = parts_->database.query(
      "INSERT OR REPLACE INTO suspensions (environment, who, reason, at, until_at) "
      "VALUES (?, ?, ?, ?, ?)");
  if (!query) return failed(query);
  query->bind(id.text()).bind(suspension.who).bind(suspension.reason);
  query->bind(std::int64_t{suspension.at.time_since_epoch().count()});
  if (suspension.until)
    query->bind(std::int64_t{suspension.until->time_since_epoch().count()});
  else
    query->bind_null();
  if (auto done = query->run(); !done) return done;
  return transaction->commit();
}

Status Ledger::resume(const EnvironmentId& id) {
  const std::lock_guard lock(parts_->mutex);
  auto transaction = Transaction::begin(parts_->database, "resume");
  if (!transaction) return failed(transaction);
  auto query =
      parts_->database.query("DELETE FROM suspensions WHERE environment = ? RETURNING environment");
  if (!query) return failed(query);
  auto row = query->bind(id.text()).step();
  if (!row) return failed(row);
  if (!*row)
    return failure(error("resume.nothing", id.text() + " is not suspended")
                       .next("reconciler status " + id.text()));
  auto rest = query->step();
  if (!rest) return failed(rest);
  return transaction->commit();
}

Status Ledger::approve(const EnvironmentId& id, const std::set<std::string>& what,
                       const std::string& who) {
  const std::lock_guard lock(parts_->mutex);
  auto transaction = Transaction::begin(parts_->database, "approve");
  if (!transaction) return failed(transaction);
  if (auto known = parts_->know(id); !known) return known;
  for (const auto& one : what) {
    auto query = parts_->database.query(
        "INSERT OR REPLACE INTO approvals (environment, plan_id, who, at) VALUES (?, ?, ?, ?)");
    if (!query) return failed(query);
    query->bind(id.text()).bind(one).bind(who).bind(parts_->wall());
    if (auto done = query->run(); !done) return done;
  }
  return transaction->commit();
}

Status Ledger::drifted(const EnvironmentId& id,
                       const std::set<std::pair<ResourceId, std::string>>& fields) {
  const std::lock_guard lock(parts_->mutex);
  auto transaction = Transaction::begin(parts_->database, "drifted");
  if (!transaction) return failed(transaction);
  if (auto known = parts_->know(id); !known) return known;
  for (const auto& [thing, field] : fields) {
    auto query = parts_->database.query(
        "INSERT INTO returns (environment, driver, kind, name, field, times, at) "
        "VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6) ON CONFLICT DO UPDATE SET "
        "times = iif(at >= ?6 - ?7, times + 1, 1), at = ?6");
    if (!query) return failed(query);
    query->bind(id.text()).bind(thing.driver).bind(thing.kind).bind(thing.name).bind(field);
    if (auto done = query->bind(parts_->wall()).bind(counted_within).run(); !done) return done;
  }
  return transaction->commit();
}

}  // namespace reconciler
