// What the tasks of a run wrote.
#include "reconciler/ledger/parts.hpp"

namespace reconciler {
namespace {

constexpr std::int64_t most_log_bytes = 1 << 20;
constexpr std::int64_t logs_kept = 50;  // of an environment's newest runs

constexpr const char* left_out = "... the rest is left out: a run's log holds 1 MiB";

}  // namespace

Status drop_old_logs(Database& database, const EnvironmentId& id) {
  auto query = database.query(
      "DELETE FROM log WHERE run IN (SELECT serial FROM runs WHERE environment = ? AND "
      "log_bytes > 0 ORDER BY serial DESC LIMIT -1 OFFSET ?)");
  if (!query) return failed(query);
  return query->bind(id.text()).bind(logs_kept).run();
}

Status Ledger::append_log(RunId run, const std::vector<std::string>& lines) {
  if (lines.empty()) return {};
  const std::lock_guard lock(parts_->mutex);
  Database& db = parts_->database;
  // A line a sync would slow the task that writes it; the next full commit syncs these as well.
  auto transaction = Transaction::begin(db, "log", Durable::later);
  if (!transaction) return failed(transaction);
  std::int64_t bytes = 0;
  std::int64_t n = 0;
  {
    auto query = db.query(
        "SELECT log_bytes, (SELECT coalesce(max(n), 0) FROM log WHERE run = serial) FROM runs "
        "WHERE serial = ?");
    if (!query) return failed(query);
    auto row = query->bind(run).step();
    if (!row) return failed(row);
    if (!*row) return failure(run_unknown(run));
    bytes = query->number(0);
    n = query->number(1);
  }
  const auto write = [&](std::string_view line) -> Status {
    auto query = db.query("INSERT INTO log (run, n, line) VALUES (?, ?, ?)");
    if (!query) return failed(query);
    return query->bind(run).bind(++n).bind(line).run();
  };
  for (const auto& line : lines) {
    if (bytes > most_log_bytes) break;
    bytes += static_cast<std::int64_t>(line.size()) + 1;
    if (auto done = write(bytes > most_log_bytes ? left_out : line); !done) return done;
  }
  {
    auto query = db.query("UPDATE runs SET log_bytes = ? WHERE serial = ?");
    if (!query) return failed(query);
    if (auto done = query->bind(bytes).bind(run).run(); !done) return done;
  }
  return transaction->commit();
}

Result<std::vector<std::string>> Ledger::log(RunId run) const {
  const std::lock_guard lock(parts_->mutex);
  auto query = parts_->database.query("SELECT line FROM log WHERE run = ? ORDER BY n");
  if (!query) return failed(query);
  return query->bind(run).texts();
}

}  // namespace reconciler
