-- A ledger of version 1 with one environment in it. Never changed: files like this are on hosts.
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

INSERT INTO meta VALUES ('lineage', '6f1c2f6e-6d5b-4c0e-9b1a-111111111111');
INSERT INTO environments VALUES ('portfolio/production', 2,
  'v1.1.0', 'commit-v1.1.0', 'digest-v1.1.0', 1795258800,
  'v1.0.0', 'commit-v1.0.0', 'digest-v1.0.0', 1795258700, NULL, 'v1.1.0', NULL);
INSERT INTO runs (environment, plan_id, from_tag, to_tag, desired, config_commit, config_subject, who, plan, started,
                  ended, condition, reason)
  VALUES ('portfolio/production', 'p', 'v1.0.0', 'v1.1.0', 'digest-v1.1.0', 'c', 's', 'anna', 'null', 1795258750,
          1795258800, 'Ready', 'Succeeded');
INSERT INTO attempts (run, environment, once_key, action_key, phase, verb, title, work, started, took_ms, fate, evidence)
  VALUES (1, 'portfolio/production', 'release/v1.1.0', 'k', 'release', 'release', 'release', 'null', 1795258760, 10,
          'succeeded', '{}');

PRAGMA journal_mode = WAL;
PRAGMA user_version = 1;
