// The sealed records of the current and the previous version (schema.cpp: snapshots).
#include <fmt/format.h>

#include "reconciler/ledger/parts.hpp"

namespace reconciler {
namespace {

constexpr size_t most_box = size_t{8} << 20U;
constexpr size_t most_boxes = 1000;  // of an environment's version

Error too_large(std::string message) {
  return error("ledger.too_large", std::move(message))
      .next("the way back to it needs its images, its tree and its variables again");
}

/// Rows of driver, kind, name, at_each_look, box.
Status read_rows(Query& query, SealedRecords& into) {
  for (;;) {
    auto row = query.step();
    if (!row) return failed(row);
    if (!*row) return {};
    into[{query.text(0), query.text(1), query.text(2)}] =
        SealedRecord{Sealed{query.text(4)}, query.number(3) != 0};
  }
}

Status run_for(Database& database, const char* sql, const std::string& environment) {
  auto query = database.query(sql);
  if (!query) return failed(query);
  return query->bind(environment).run();
}

}  // namespace

Status check_snapshots(const SealedRecords& snapshots) {
  if (snapshots.size() > most_boxes)
    return failure(too_large(fmt::format("a version has {} sealed records; the ledger keeps {}",
                                         snapshots.size(), most_boxes)));
  for (const auto& [id, snapshot] : snapshots)
    if (snapshot.sealed.box.size() > most_box)
      return failure(too_large(fmt::format("the sealed record of {} has {} bytes; one may have {}",
                                           id.text(), snapshot.sealed.box.size(), most_box)));
  return {};
}

Status replace_snapshots(Database& database, const std::string& environment, bool moves,
                         const SealedRecords& of) {
  if (moves) {
    if (auto done =
            run_for(database, "DELETE FROM snapshots WHERE environment = ? AND slot = 'previous'",
                    environment);
        !done)
      return done;
    if (auto done = run_for(
            database, "UPDATE snapshots SET slot = 'previous' WHERE environment = ?", environment);
        !done)
      return done;
  } else if (auto done = run_for(database,
                                 "DELETE FROM snapshots WHERE environment = ? AND slot = 'current'",
                                 environment);
             !done) {
    return done;
  }
  for (const auto& [id, snapshot] : of) {
    auto query = database.query(
        "INSERT INTO snapshots (environment, slot, driver, kind, name, at_each_look, box) "
        "VALUES (?, 'current', ?, ?, ?, ?, ?)");
    if (!query) return failed(query);
    query->bind(environment).bind(id.driver).bind(id.kind).bind(id.name);
    query->bind(std::int64_t{snapshot.at_each_look}).bind_blob(snapshot.sealed.box);
    if (auto done = query->run(); !done) return done;
  }
  return {};
}

Status read_at_each_look(Database& database, const EnvironmentId& id, SealedRecords& into) {
  // The words of the index's condition: only then is it the index that is read.
  auto query = database.query(
      "SELECT driver, kind, name, at_each_look, box FROM snapshots "
      "WHERE environment = ? AND slot = 'current' AND at_each_look = 1");
  if (!query) return failed(query);
  query->bind(id.text());
  return read_rows(*query, into);
}

Status drop_snapshots(Database& database, const EnvironmentId& id) {
  return run_for(database, "DELETE FROM snapshots WHERE environment = ?", id.text());
}

Result<SealedRecords> Ledger::snapshots(const EnvironmentId& id, Slot slot) const {
  const std::lock_guard lock(parts_->mutex);
  auto query = parts_->database.query(
      "SELECT driver, kind, name, at_each_look, box FROM snapshots "
      "WHERE environment = ? AND slot = ?");
  if (!query) return failed(query);
  query->bind(id.text()).bind(slot == Slot::current ? "current" : "previous");
  SealedRecords all;
  if (auto done = read_rows(*query, all); !done) return failed(done);
  return all;
}

}  // namespace reconciler
