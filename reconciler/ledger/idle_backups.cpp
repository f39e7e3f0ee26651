#include "reconciler/ledger/idle_backups.hpp"

#include <algorithm>

#include "reconciler/ledger/parts.hpp"

namespace reconciler {
namespace {

/// The newest: of weeks in which it is tried eight times an hour.
constexpr std::int64_t most_idle = 5000;

/// The last attempt at anything that may have changed the data, or what works on it: it has begun,
/// or a person answered for it, who may say of what ran half that it did not. Work that is done
/// once and was refused had not begun: it is written down before that it runs.
constexpr const char* newest_change =
    "SELECT id FROM attempts WHERE environment = ?1 AND id > ?2 AND "
    "(verb = 'restore' OR phase NOT IN ('supply', 'preflight', 'backup', 'verify', 'prune')) AND "
    "(settled_at IS NOT NULL OR CASE WHEN fate IS NULL THEN once_key = '' OR code = '' "
    "ELSE fate != 'not started' END) ORDER BY id DESC LIMIT 1";

/// What was made before a person answered, said `retry` or took over does not count: that is said
/// of what went wrong, or was done by others.
constexpr const char* idle =
    "SELECT CASE WHEN json_valid(evidence) THEN json_extract(evidence, '$.file') END AS file, "
    "started FROM attempts WHERE environment = ?1 AND id > ?2 AND verb = 'backup' AND "
    "fate = 'succeeded' AND file IS NOT NULL AND "
    "CASE WHEN json_valid(work) THEN json_extract(work, '$.input.before') END = 'release' AND "
    "run > coalesce((SELECT max(serial) FROM runs WHERE environment = ?1 AND "
    "reason IN ('Retry', 'Settled', 'Adopted')), 0) ORDER BY id DESC LIMIT ?3";

Result<std::vector<IdleBackup>> idle_since(Database& database, const EnvironmentId& id,
                                           std::int64_t attempt) {
  auto query = database.query(idle);
  if (!query) return failed(query);
  query->bind(id.text()).bind(attempt).bind(most_idle);
  std::vector<IdleBackup> backups;
  for (;;) {
    auto row = query->step();
    if (!row) return failed(row);
    if (!*row) return backups;
    backups.push_back({query->text(0), wall_time(query->number(1))});
  }
}

}  // namespace

Status read_idle_backups(Database& database, const EnvironmentId& id, Memory& into) {
  auto tried = idle_since(database, id, into.recorded_attempt);
  if (!tried) return failed(tried);
  if (tried->size() < 2) return {};
  std::int64_t changed = into.recorded_attempt;
  {
    auto query = database.query(newest_change);
    if (!query) return failed(query);
    auto row = query->bind(id.text()).bind(changed).step();
    if (!row) return failed(row);
    if (*row) changed = query->number(0);
  }
  auto backups = idle_since(database, id, changed);
  if (!backups) return failed(backups);
  std::ranges::reverse(*backups);
  into.idle_backups = std::move(*backups);
  return {};
}

}  // namespace reconciler
