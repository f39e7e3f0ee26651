#include "reconciler/ledger/schema.hpp"

#include <fmt/format.h>

namespace reconciler {
namespace {

// Serials are AUTOINCREMENT: one that was given is never given again, even when its row is gone.
constexpr const char* tables_1 = R"(
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE environments (
  name            TEXT PRIMARY KEY,
  serial          INTEGER NOT NULL DEFAULT 0,
  current_tag     TEXT, current_commit  TEXT, current_digest  TEXT, current_at  INTEGER,
  previous_tag    TEXT, previous_commit TEXT, previous_digest TEXT, previous_at INTEGER,
  unfinished      TEXT,
  changed_to      TEXT,
  adopted_at      INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE lineages (
  environment TEXT NOT NULL REFERENCES environments (name),
  lineage     TEXT NOT NULL,
  who         TEXT NOT NULL,
  at          INTEGER NOT NULL,
  PRIMARY KEY (environment, lineage)
) STRICT, WITHOUT ROWID;

CREATE TABLE tags (
  environment TEXT NOT NULL REFERENCES environments (name),
  tag         TEXT NOT NULL,
  commit_id   TEXT NOT NULL,
  at          INTEGER NOT NULL,
  PRIMARY KEY (environment, tag)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
  serial         INTEGER PRIMARY KEY AUTOINCREMENT,
  environment    TEXT NOT NULL REFERENCES environments (name),
  plan_id        TEXT NOT NULL,
  from_tag       TEXT NOT NULL,
  to_tag         TEXT NOT NULL,
  desired        TEXT NOT NULL,
  config_commit  TEXT NOT NULL,
  config_subject TEXT NOT NULL,
  who            TEXT NOT NULL,
  plan           TEXT NOT NULL,
  started        INTEGER NOT NULL,
  ended          INTEGER,
  condition      TEXT NOT NULL DEFAULT '',
  reason         TEXT NOT NULL DEFAULT '',
  code           TEXT NOT NULL DEFAULT '',
  message        TEXT NOT NULL DEFAULT '',
  log_bytes      INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX runs_by_environment ON runs (environment, serial);

CREATE TABLE attempts (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  run         INTEGER NOT NULL REFERENCES runs (serial),
  environment TEXT NOT NULL REFERENCES environments (name),
  once_key    TEXT NOT NULL,
  action_key  TEXT NOT NULL,
  phase       TEXT NOT NULL,
  verb        TEXT NOT NULL,
  title       TEXT NOT NULL,
  work        TEXT NOT NULL,
  started     INTEGER NOT NULL,
  took_ms     INTEGER,
  fate        TEXT,
  evidence    TEXT,
  code        TEXT NOT NULL DEFAULT '',
  message     TEXT NOT NULL DEFAULT '',
  settled_by  TEXT NOT NULL DEFAULT '',
  settled_at  INTEGER
) STRICT;
CREATE INDEX attempts_by_run ON attempts (run);
CREATE INDEX attempts_once ON attempts (environment, once_key, id) WHERE once_key != '';

CREATE TABLE log (
  run  INTEGER NOT NULL REFERENCES runs (serial),
  n    INTEGER NOT NULL,
  line TEXT NOT NULL,
  PRIMARY KEY (run, n)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 1;
)";

Status insert_meta(Database& database, std::string_view name, std::string_view value) {
  auto query = database.query("INSERT INTO meta (name, value) VALUES (?, ?)");
  if (!query) return failed(query);
  return query->bind(name).bind(value).run();
}

}  // namespace

Result<std::int64_t> read_version(Database& database) {
  auto query = database.query("PRAGMA user_version");
  if (!query) return failed(query);
  auto row = query->step();
  if (!row) return failed(row);
  return query->number(0);
}

Status make_tables(Database& database, const std::string& lineage, const std::string& key_digest,
                   const std::string& loss) {
  if (auto set = database.execute("PRAGMA journal_mode=WAL"); !set) return set;
  auto transaction = Transaction::begin(database);
  if (!transaction) return failed(transaction);
  if (auto made = database.execute(tables_1); !made) return made;
  if (auto done = insert_meta(database, "lineage", lineage); !done) return done;
  if (auto done = insert_meta(database, "key", key_digest); !done) return done;
  if (!loss.empty())
    if (auto done = insert_meta(database, "loss", loss); !done) return done;
  return transaction->commit();
}

Status bring_up_to_date(Database& database, std::int64_t version) {
  if (version > schema_version)
    return failure(error("ledger.newer_version",
                         fmt::format("{} has format {}; this program knows formats up to {}",
                                     database.path(), version, schema_version))
                       .next("use the reconciler that wrote it, or a newer one"));
  return {};
}

}  // namespace reconciler
