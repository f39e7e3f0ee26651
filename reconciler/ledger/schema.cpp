#include "reconciler/ledger/schema.hpp"

#include <fmt/format.h>

#include <array>

#include "reconciler/base/failpoint.hpp"

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

// Sealed records of the versions `current` and `previous`. A box may be megabytes: no WITHOUT
// ROWID. The index has what every look reads.
constexpr const char* tables_2 = R"(
CREATE TABLE snapshots (
  environment  TEXT NOT NULL REFERENCES environments (name),
  slot         TEXT NOT NULL CHECK (slot IN ('current', 'previous')),
  driver       TEXT NOT NULL,
  kind         TEXT NOT NULL,
  name         TEXT NOT NULL,
  at_each_look INTEGER NOT NULL,
  box          BLOB NOT NULL,
  PRIMARY KEY (environment, slot, driver, kind, name)
) STRICT;
CREATE INDEX snapshots_at_each_look ON snapshots (environment)
  WHERE slot = 'current' AND at_each_look = 1;

PRAGMA user_version = 2;
)";

// What an environment is to be in the place of what git asks for: one row, one durable write.
constexpr const char* tables_3 = R"(
CREATE TABLE targets (
  environment  TEXT PRIMARY KEY REFERENCES environments (name),
  tag          TEXT NOT NULL,
  rejected     TEXT NOT NULL,
  rejected_tag TEXT NOT NULL,
  reason       TEXT NOT NULL,
  why          TEXT NOT NULL,
  run          INTEGER NOT NULL,
  at           INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 3;
)";

// What people say, what came back, and which versions there were with what their tags became.
constexpr const char* tables_4 = R"(
ALTER TABLE environments ADD COLUMN touched INTEGER NOT NULL DEFAULT 0;
ALTER TABLE environments ADD COLUMN unwell_before TEXT NOT NULL DEFAULT '[]';
ALTER TABLE environments ADD COLUMN recorded_attempt INTEGER NOT NULL DEFAULT 0;
UPDATE environments SET recorded_attempt = (SELECT coalesce(max(id), 0) FROM attempts
  WHERE environment = environments.name AND
  run IN (SELECT serial FROM runs WHERE condition = 'Ready'));
ALTER TABLE environments ADD COLUMN overruled TEXT;
ALTER TABLE runs ADD COLUMN aside INTEGER NOT NULL DEFAULT 0;

CREATE TABLE versions (
  serial      INTEGER PRIMARY KEY AUTOINCREMENT,
  environment TEXT NOT NULL REFERENCES environments (name),
  tag         TEXT NOT NULL,
  commit_id   TEXT NOT NULL,
  from_at     INTEGER NOT NULL,
  until_at    INTEGER
) STRICT;
CREATE INDEX versions_by_environment ON versions (environment, serial);
INSERT INTO versions (environment, tag, commit_id, from_at, until_at)
  SELECT name, previous_tag, previous_commit, previous_at, current_at FROM environments
  WHERE previous_tag IS NOT NULL AND current_at IS NOT NULL;
INSERT INTO versions (environment, tag, commit_id, from_at)
  SELECT name, current_tag, current_commit, current_at FROM environments
  WHERE current_tag IS NOT NULL;

CREATE TABLE artifacts (
  environment TEXT NOT NULL REFERENCES environments (name),
  tag         TEXT NOT NULL,
  driver      TEXT NOT NULL,
  kind        TEXT NOT NULL,
  name        TEXT NOT NULL,
  inputs      TEXT NOT NULL,
  replaced    INTEGER NOT NULL DEFAULT 0,
  at          INTEGER NOT NULL,
  PRIMARY KEY (environment, tag, driver, kind, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX artifacts_by_name ON artifacts (name, kind, driver);

CREATE TABLE suspensions (
  environment TEXT PRIMARY KEY REFERENCES environments (name),
  who         TEXT NOT NULL,
  reason      TEXT NOT NULL,
  at          INTEGER NOT NULL,
  until_at    INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE approvals (
  environment TEXT NOT NULL REFERENCES environments (name),
  plan_id     TEXT NOT NULL,
  who         TEXT NOT NULL,
  at          INTEGER NOT NULL,
  PRIMARY KEY (environment, plan_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE returns (
  environment TEXT NOT NULL REFERENCES environments (name),
  driver      TEXT NOT NULL,
  kind        TEXT NOT NULL,
  name        TEXT NOT NULL,
  field       TEXT NOT NULL,
  times       INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  PRIMARY KEY (environment, driver, kind, name, field)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 4;
)";

// What ran before a switch was begun, where that was deployed past us.
constexpr const char* tables_5 = R"(
ALTER TABLE environments ADD COLUMN ran_by_hand TEXT;

PRAGMA user_version = 5;
)";

// Whose data there is, which every look asks.
constexpr const char* tables_6 = R"(
CREATE INDEX attempts_restoring ON attempts (environment, id) WHERE verb = 'restore';

PRAGMA user_version = 6;
)";

// A restore says when it begins to give its file: what an older program did not say may have begun,
// where it was cut off or the Engine went away. The backup that a file is, which each look asks
// once one was brought back, is found without reading all attempts.
constexpr const char* tables_7 = R"(
CREATE INDEX attempts_backing_up ON attempts (environment, id) WHERE verb = 'backup';
UPDATE attempts SET fate = 'running' WHERE verb = 'restore' AND fate IS NULL AND
  (code = '' OR code LIKE 'docker.%');

PRAGMA user_version = 7;
)";

// Since when the current version is looked on, where that leads back to, and what was unwell as it
// was recorded; what an older program recorded is not looked on. When a person answered for an
// attempt, in the order of runs: about which data that was, once other data is brought back.
constexpr const char* tables_8 = R"(
ALTER TABLE attempts ADD COLUMN settled_run INTEGER;
UPDATE attempts SET settled_run = (SELECT max(serial) FROM runs WHERE
  runs.environment = attempts.environment AND runs.started <= settled_at)
  WHERE settled_at IS NOT NULL;
ALTER TABLE environments ADD COLUMN watched_from INTEGER;
ALTER TABLE environments ADD COLUMN watched_back TEXT;
ALTER TABLE environments ADD COLUMN watched_unwell TEXT NOT NULL DEFAULT '[]';
ALTER TABLE environments ADD COLUMN watched_of TEXT;

PRAGMA user_version = 8;
)";

/// The n-th makes version n + 1 of version n; one that was released is never changed.
constexpr std::array steps{tables_1, tables_2, tables_3, tables_4,
                           tables_5, tables_6, tables_7, tables_8};
static_assert(steps.size() == schema_version);

Status take_steps(Database& database, std::int64_t from) {
  for (auto n = static_cast<size_t>(from); n < steps.size(); ++n)
    if (auto made = database.execute(steps.at(n)); !made) return made;
  return {};
}

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
  auto transaction = Transaction::begin(database, "make");
  if (!transaction) return failed(transaction);
  if (auto made = take_steps(database, 0); !made) return made;
  if (auto done = insert_meta(database, "lineage", lineage); !done) return done;
  if (auto done = insert_meta(database, "key", key_digest); !done) return done;
  if (!loss.empty())
    if (auto done = insert_meta(database, "loss", loss); !done) return done;
  return transaction->commit();
}

Status check_version(const Database& database, std::int64_t version) {
  if (version > schema_version)
    return failure(error("ledger.newer_version",
                         fmt::format("{} has format {}; this program knows formats up to {}",
                                     database.path(), version, schema_version))
                       .next("use the reconciler that wrote it, or a newer one"));
  return {};
}

Status bring_up_to_date(Database& database, std::int64_t version) {
  if (version == schema_version) return {};
  auto transaction = Transaction::begin(database, "migrate");
  if (!transaction) return failed(transaction);
  // Another process may have been quicker, and be of a later version, too.
  auto now = read_version(database);
  if (!now) return failed(now);
  if (auto known = check_version(database, *now); !known) return known;
  if (auto taken = take_steps(database, *now); !taken) return taken;
  if (auto point = failpoint("ledger.migrate.within"); !point) return point;
  return transaction->commit();
}

}  // namespace reconciler
