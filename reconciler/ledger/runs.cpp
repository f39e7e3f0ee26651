// Runs: begun, ended, and told again by `history`.
#include <fmt/format.h>

#include <algorithm>

#include "reconciler/base/text.hpp"
#include "reconciler/driver/wire.hpp"
#include "reconciler/ledger/parts.hpp"

namespace reconciler {
namespace {

#define ATTEMPT_COLUMNS                                                                 \
  "id, phase, verb, title, once_key, started, took_ms, fate, evidence, code, message, " \
  "settled_by"

Result<std::vector<AttemptRow>> read_attempts(Query query) {
  std::vector<AttemptRow> all;
  for (;;) {
    auto row = query.step();
    if (!row) return failed(row);
    if (!*row) return all;
    AttemptRow& one = all.emplace_back();
    one.id = query.text(0);
    if (auto done = query.as_written(wire::read_phase(query.text(1), one.phase)); !done)
      return failed(done);
    one.verb = query.text(2);
    one.title = query.text(3);
    one.once_key = query.text(4);
    one.started = wall_time(query.number(5));
    if (!query.null(6)) one.took = Duration(query.number(6));
    if (!query.null(7))
      if (auto done = query.as_written(wire::read_fate(query.text(7), one.fate.emplace())); !done)
        return failed(done);
    if (!query.null(8)) {
      // It decides nothing, and an older program wrote it in whatever bytes others had said it in.
      auto json = parse_json(query.text(8));
      one.evidence =
          json ? std::move(*json) : Json(JsonObject{{"detail", "what was said cannot be read"}});
    }
    one.code = query.text(9);
    one.message = query.text(10);
    one.settled_by = query.text(11);
  }
}

Result<std::vector<AttemptRow>> attempts_of(Database& database, RunId run) {
  auto query = database.query("SELECT " ATTEMPT_COLUMNS " FROM attempts WHERE run = ? ORDER BY id");
  if (!query) return failed(query);
  query->bind(run);
  return read_attempts(std::move(*query));
}

#define RUN_COLUMNS                                                                          \
  "serial, environment, started, ended, plan_id, from_tag, to_tag, desired, config_commit, " \
  "config_subject, who, coalesce(json_extract(plan, '$.rejected.reason'), ''), aside, "      \
  "condition, reason, code, message"

Result<std::vector<RunRow>> read_runs(Database& database, Query query) {
  std::vector<RunRow> runs;
  for (;;) {
    auto row = query.step();
    if (!row) return failed(row);
    if (!*row) break;
    RunRow& run = runs.emplace_back();
    run.serial = query.number(0);
    run.id = environment_of(query.text(1));
    run.started = wall_time(query.number(2));
    if (!query.null(3)) run.ended = wall_time(query.number(3));
    run.plan_id = query.text(4);
    run.from = query.text(5);
    run.to = query.text(6);
    run.desired = query.text(7);
    run.config_commit = query.text(8);
    run.config_subject = query.text(9);
    run.who = query.text(10);
    run.instead = query.text(11);
    run.aside = query.number(12) != 0;
    run.end = {query.text(13), query.text(14), query.text(15), query.text(16)};
  }
  for (auto& run : runs) {
    auto attempts = attempts_of(database, run.serial);
    if (!attempts) return failed(attempts);
    run.attempts = std::move(*attempts);
  }
  return runs;
}

/// What is aside leaves the others as they are.
Status close_interrupted(Database& database, const EnvironmentId& id, bool aside,
                         std::int64_t now) {
  auto query = database.query(
      "UPDATE runs SET ended = ?, condition = 'Stalled', reason = 'Interrupted' "
      "WHERE environment = ? AND ended IS NULL AND aside >= ?");
  if (!query) return failed(query);
  return query->bind(now).bind(id.text()).bind(std::int64_t{aside}).run();
}

Status take_target(Database& database, const RunStart& start) {
  if (start.aside) return {};
  return start.target ? write_target(database, start.id, *start.target)
                      : delete_target(database, start.id);
}

bool ends_in_record(const Plan& plan) {
  return std::any_of(plan.actions.begin(), plan.actions.end(), [](const Action& action) {
    return action.work.phase == Phase::record && !action.work.targets.empty() &&
           action.work.targets[0].driver == "ledger";
  });
}

Result<bool> half_of(Database& database, const EnvironmentId& id) {
  auto query = database.query(
      "SELECT 1 FROM attempts JOIN environments ON environments.name = attempts.environment "
      "JOIN runs ON runs.serial = attempts.run WHERE attempts.environment = ? AND touched = 1 AND "
      "phase = ? AND aside = 0 AND id > recorded_attempt");
  if (!query) return failed(query);
  return query->bind(id.text()).bind(to_text(Phase::change)).step();
}

/// What is half, or goes back to a version, is carried through with what room there is.
Status make_room(Database& database, const RunStart& start) {
  auto half = half_of(database, start.id);
  if (!half) return failed(half);
  if (*half || start.target) {
    database.reserve().needed_by(start.id);
    return {};
  }
  database.reserve().not_needed_by(start.id);
  return database.reserve().keep();
}

Result<std::optional<RunRow>> first_run(Database& database, const EnvironmentId& id,
                                        const char* sql) {
  auto reading = ReadTransaction::begin(database);
  if (!reading) return failed(reading);
  auto query = database.query(sql);
  if (!query) return failed(query);
  query->bind(id.text());
  auto runs = read_runs(database, std::move(*query));
  if (!runs) return failed(runs);
  if (runs->empty()) return std::optional<RunRow>();
  return std::optional(std::move(runs->front()));
}

}  // namespace

Error run_unknown(RunId run) {
  return error("ledger.run_unknown", fmt::format("the ledger has no run {}", run))
      .next("reconciler history shows which there are");
}

RunStart run_of(const Plan& plan, std::string who) {
  return {plan.environment,
          plan.id,
          plan.from,
          plan.to,
          plan.desired,
          plan.config_commit,
          plan.config_subject,
          std::move(who),
          to_json(plan),
          ends_in_record(plan),
          plan.held};
}

Result<RunId> Ledger::begin_run(const RunStart& start) {
  const std::lock_guard lock(parts_->mutex);
  Database& db = parts_->database;
  if (auto room = make_room(db, start); !room) return failed(room);
  auto transaction = Transaction::begin(db, "begin");
  if (!transaction) return failed(transaction);
  if (auto done = parts_->know(start.id); !done) return failed(done);
  if (auto done = close_interrupted(db, start.id, start.aside, parts_->wall()); !done)
    return failed(done);
  if (auto done = drop_old_logs(db, start.id); !done) return failed(done);
  if (auto done = take_target(db, start); !done) return failed(done);
  if (start.to_be_recorded) {
    auto query = db.query("UPDATE environments SET unfinished = ? WHERE name = ?");
    if (!query) return failed(query);
    if (auto done = query->bind(start.desired).bind(start.id.text()).run(); !done)
      return failed(done);
  }
  {
    auto query = db.query(
        "INSERT INTO runs (environment, plan_id, from_tag, to_tag, desired, config_commit, "
        "config_subject, who, plan, aside, started) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    if (!query) return failed(query);
    query->bind(start.id.text())
        .bind(start.plan_id)
        .bind(start.from)
        .bind(start.to)
        .bind(start.desired)
        .bind(start.config_commit)
        .bind(start.config_subject)
        .bind(start.who)
        .bind(boost::json::serialize(start.plan))
        .bind(std::int64_t{start.aside})
        .bind(parts_->wall());
    if (auto done = query->run(); !done) return failed(done);
  }
  const RunId run = db.last_id();
  if (auto done = transaction->commit(); !done) return failed(done);
  return run;
}

Result<EnvironmentId> write_end(Database& database, RunId run, const RunEnd& end,
                                std::int64_t now) {
  auto query = database.query(
      "UPDATE runs SET ended = ?, condition = ?, reason = ?, code = ?, message = ? "
      "WHERE serial = ? RETURNING environment");
  if (!query) return failed(query);
  query->bind(now).bind(end.condition).bind(end.reason).bind(end.code).bind(end.message);
  auto row = query->bind(run).step();
  if (!row) return failed(row);
  if (!*row) return failure(run_unknown(run));
  const EnvironmentId id = environment_of(query->text(0));
  if (auto rest = query->step(); !rest) return failed(rest);
  return id;
}

Status Ledger::end_run(RunId run, const RunEnd& end) {
  const std::lock_guard lock(parts_->mutex);
  auto transaction = Transaction::begin(parts_->database, "end");
  if (!transaction) return failed(transaction);
  auto ended = write_end(parts_->database, run, end, parts_->wall());
  if (!ended) return failed(ended);
  return transaction->commit();
}

Status Ledger::end_cut_aside(const EnvironmentId& id) {
  const std::lock_guard lock(parts_->mutex);
  Database& db = parts_->database;
  {
    auto query = db.query(
        "SELECT ended IS NULL AND aside > 0 FROM runs WHERE environment = ? "
        "ORDER BY serial DESC LIMIT 1");
    if (!query) return failed(query);
    auto row = query->bind(id.text()).step();
    if (!row) return failed(row);
    if (!*row || query->number(0) == 0) return {};
  }
  auto transaction = Transaction::begin(db, "end");
  if (!transaction) return failed(transaction);
  if (auto closed = close_interrupted(db, id, true, parts_->wall()); !closed) return closed;
  return transaction->commit();
}

Result<std::vector<RunRow>> Ledger::history(const EnvironmentId& id, size_t limit) const {
  const std::lock_guard lock(parts_->mutex);
  auto reading = ReadTransaction::begin(parts_->database);
  if (!reading) return failed(reading);
  auto query = parts_->database.query(
      "SELECT " RUN_COLUMNS " FROM runs WHERE environment = ? ORDER BY serial DESC LIMIT ?");
  if (!query) return failed(query);
  query->bind(id.text()).bind(static_cast<std::int64_t>(limit));
  return read_runs(parts_->database, std::move(*query));
}

Result<std::optional<RunRow>> Ledger::unended_run(const EnvironmentId& id) const {
  auto newest = history(id, 1);
  if (!newest) return failed(newest);
  if (newest->empty() || newest->front().ended) return std::optional<RunRow>();
  return std::optional(std::move(newest->front()));
}

Result<std::optional<AttemptRow>> Ledger::last_backup(const EnvironmentId& id) const {
  const std::lock_guard lock(parts_->mutex);
  auto query = parts_->database.query(
      "SELECT " ATTEMPT_COLUMNS
      " FROM attempts WHERE environment = ? AND verb = 'backup' AND "
      "code NOT IN ('docker.stopped', 'apply.stopped') ORDER BY id DESC LIMIT 1");
  if (!query) return failed(query);
  query->bind(id.text());
  auto attempts = read_attempts(std::move(*query));
  if (!attempts) return failed(attempts);
  if (attempts->empty()) return std::optional<AttemptRow>();
  return std::optional(std::move(attempts->front()));
}

Result<std::optional<RunRow>> Ledger::last_run(const EnvironmentId& id) const {
  const std::lock_guard lock(parts_->mutex);
  return first_run(parts_->database, id,
                   "SELECT " RUN_COLUMNS
                   " FROM runs WHERE environment = ? AND aside = 0 ORDER BY serial DESC LIMIT 1");
}

Result<std::optional<RunRow>> Ledger::last_work(const EnvironmentId& id) const {
  const std::lock_guard lock(parts_->mutex);
  return first_run(parts_->database, id,
                   "SELECT " RUN_COLUMNS
                   " FROM runs WHERE environment = ? AND aside = 0 AND config_commit != '' AND "
                   "who != 'run' AND json_extract(plan, '$.rejected') IS NULL "
                   "ORDER BY serial DESC LIMIT 1");
}

Result<std::optional<OpenRun>> Ledger::open_run(const EnvironmentId& id) const {
  const std::lock_guard lock(parts_->mutex);
  auto reading = ReadTransaction::begin(parts_->database);
  if (!reading) return failed(reading);
  std::string plan;
  {
    auto query = parts_->database.query(
        "SELECT plan FROM runs WHERE environment = ? AND ended IS NULL AND aside = 0 "
        "ORDER BY serial DESC LIMIT 1");
    if (!query) return failed(query);
    auto row = query->bind(id.text()).step();
    if (!row) return failed(row);
    if (!*row) return std::optional<OpenRun>();
    plan = query->text(0);
  }
  auto query =
      parts_->database.query("SELECT " RUN_COLUMNS
                             " FROM runs WHERE environment = ? AND ended IS NULL AND aside = 0 "
                             "ORDER BY serial DESC LIMIT 1");
  if (!query) return failed(query);
  query->bind(id.text());
  auto runs = read_runs(parts_->database, std::move(*query));
  if (!runs) return failed(runs);
  auto json = query->as_written(parse_json(plan));
  if (!json) return failed(json);
  return std::optional(OpenRun{std::move(runs->front()), text_at(*json, "fallback")});
}

Result<bool> Ledger::is_half(const EnvironmentId& id) const {
  const std::lock_guard lock(parts_->mutex);
  return half_of(parts_->database, id);
}

Result<bool> Ledger::was_begun(const EnvironmentId& id, const std::string& tag) const {
  const std::lock_guard lock(parts_->mutex);
  auto query = parts_->database.query(
      "SELECT 1 FROM attempts JOIN environments ON environments.name = attempts.environment "
      "JOIN runs ON runs.serial = attempts.run WHERE attempts.environment = ? AND to_tag = ? AND "
      "phase IN (?, ?, ?, ?) AND id > recorded_attempt");
  if (!query) return failed(query);
  query->bind(id.text()).bind(tag);
  for (const Phase phase : {Phase::start, Phase::release, Phase::change, Phase::after})
    query->bind(to_text(phase));
  return query->step();
}

Result<RunRow> Ledger::run(RunId run) const {
  const std::lock_guard lock(parts_->mutex);
  auto reading = ReadTransaction::begin(parts_->database);
  if (!reading) return failed(reading);
  auto query = parts_->database.query("SELECT " RUN_COLUMNS " FROM runs WHERE serial = ?");
  if (!query) return failed(query);
  query->bind(run);
  auto runs = read_runs(parts_->database, std::move(*query));
  if (!runs) return failed(runs);
  if (runs->empty()) return failure(run_unknown(run));
  return std::move(runs->front());
}

#undef ATTEMPT_COLUMNS
#undef RUN_COLUMNS

}  // namespace reconciler
