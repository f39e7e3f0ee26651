// Attempts: the intent before an effect, the result after it, and a person's answer.
#include <fmt/format.h>

#include <charconv>

#include "reconciler/driver/wire.hpp"
#include "reconciler/ledger/parts.hpp"
#include "reconciler/ledger/restores.hpp"

namespace reconciler {
namespace {

/// The newest attempt at once-only work.
struct Newest {
  std::string id;
  std::string title;
  std::optional<Fate> fate;
  std::string settled_by;
};

Result<std::optional<Newest>> newest_at(Database& database, const EnvironmentId& id,
                                        const std::string& once_key) {
  auto query = database.query(
      "SELECT id, title, fate, settled_by FROM attempts WHERE environment = ? AND once_key = ? "
      "AND once_key != '' ORDER BY id DESC LIMIT 1");
  if (!query) return failed(query);
  auto row = query->bind(id.text()).bind(once_key).step();
  if (!row) return failed(row);
  if (!*row) return std::optional<Newest>();
  Newest newest{query->text(0), query->text(1), std::nullopt, query->text(3)};
  if (!query->null(2)) {
    Fate fate{};
    if (auto done = query->as_written(wire::read_fate(query->text(2), fate)); !done)
      return failed(done);
    newest.fate = fate;
  }
  return std::optional(std::move(newest));
}

bool is_open(const std::optional<Fate>& fate) {
  return !fate || *fate == Fate::running;
}

Status refuse_repeat(const Newest& newest) {
  const auto refuse = [&](std::string code, std::string_view what, std::string hint) {
    return failure(error(std::move(code), fmt::format("{} {} (attempt {}); it is not run again",
                                                      newest.title, what, newest.id))
                       .next(std::move(hint)));
  };
  if (is_open(newest.fate))
    return refuse("once.open", "was begun and its end is not known yet",
                  "run apply again: it looks first what became of it");
  switch (*newest.fate) {
    case Fate::succeeded:
      return refuse("once.done", "has succeeded", "plan again");
    case Fate::failed:
      return refuse("once.failed", "has failed",
                    "commit another tag, or settle it as not-run once its cause is gone");
    case Fate::unknown:
      return refuse("once.unknown", "ended, and nobody can know how",
                    "look, then settle it as succeeded or not-run");
    case Fate::running:
    case Fate::not_started:
      break;
  }
  return {};
}

Result<EnvironmentId> environment_of_run(Database& database, RunId run) {
  auto query = database.query("SELECT environment FROM runs WHERE serial = ?");
  if (!query) return failed(query);
  auto row = query->bind(run).step();
  if (!row) return failed(row);
  if (!*row)
    return failure(error("ledger.run_unknown", fmt::format("the ledger has no run {}", run)));
  return environment_of(query->text(0));
}

Result<std::int64_t> serial_of(const std::string& attempt) {
  std::int64_t id = 0;
  const auto [end, wrong] = std::from_chars(attempt.data(), attempt.data() + attempt.size(), id);
  if (wrong != std::errc() || end != attempt.data() + attempt.size())
    return failure(
        error("ledger.attempt_unknown", fmt::format("\"{}\" is no attempt's id", attempt)));
  return id;
}

}  // namespace

Result<std::string> Ledger::intend(RunId run, const Action& action) {
  const std::lock_guard lock(parts_->mutex);
  Database& db = parts_->database;
  auto transaction = Transaction::begin(db, "intent");
  if (!transaction) return failed(transaction);
  auto environment = environment_of_run(db, run);
  if (!environment) return failed(environment);
  if (!action.once_key.empty()) {
    auto newest = newest_at(db, *environment, action.once_key);
    if (!newest) return failed(newest);
    if (*newest)
      if (auto may = refuse_repeat(**newest); !may) return failed(may);
  }
  {
    auto query = db.query(
        "INSERT INTO attempts (run, environment, once_key, action_key, phase, verb, title, work, "
        "started) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    if (!query) return failed(query);
    query->bind(run)
        .bind(environment->text())
        .bind(action.once_key)
        .bind(action.key)
        .bind(to_text(action.work.phase))
        .bind(action.work.verb)
        .bind(action.title)
        .bind(boost::json::serialize(wire::write(action.work)))
        .bind(parts_->wall());
    if (auto done = query->run(); !done) return failed(done);
  }
  const std::string id = std::to_string(db.last_id());
  if (auto done = transaction->commit(); !done) return failed(done);
  if (action.work.phase == Phase::change) db.reserve().needed_by(*environment);
  parts_->begun[id] = parts_->clock.now();
  return id;
}

Status Ledger::result(const std::string& attempt, const Outcome& outcome) {
  auto serial = serial_of(attempt);
  if (!serial) return failed(serial);
  const std::lock_guard lock(parts_->mutex);
  Database& db = parts_->database;
  auto transaction = Transaction::begin(db, "result");
  if (!transaction) return failed(transaction);
  std::int64_t started = 0;
  {
    auto query = db.query("SELECT fate, started FROM attempts WHERE id = ?");
    if (!query) return failed(query);
    auto row = query->bind(*serial).step();
    if (!row) return failed(row);
    if (!*row)
      return failure(
          error("ledger.attempt_unknown", fmt::format("the ledger has no attempt {}", attempt)));
    const std::string fate = query->text(0);
    if (fate == to_text(outcome.fate) && outcome.fate != Fate::running) return {};
    if (!fate.empty() && fate != to_text(Fate::running))
      return failure(error("ledger.attempt_settled",
                           fmt::format("attempt {} is written as {}; it cannot become {}", attempt,
                                       fate, to_text(outcome.fate))));
    started = query->number(1);
  }
  const auto begun = parts_->begun.find(attempt);
  const std::int64_t took = begun != parts_->begun.end()
                                ? (parts_->clock.now() - begun->second).count()
                                : std::max<std::int64_t>(0, parts_->wall() - started) * 1000;
  auto query = db.query("UPDATE attempts SET fate = ?, evidence = ?, took_ms = ? WHERE id = ?");
  if (!query) return failed(query);
  query->bind(to_text(outcome.fate))
      .bind(boost::json::serialize(outcome.evidence))
      .bind(took)
      .bind(*serial);
  if (auto done = query->run(); !done) return done;
  if (auto done = transaction->commit(); !done) return done;
  if (outcome.fate != Fate::running) parts_->begun.erase(attempt);
  return {};
}

Status Ledger::failed_to_run(const std::string& attempt, const Error& why) {
  auto serial = serial_of(attempt);
  if (!serial) return failed(serial);
  const std::lock_guard lock(parts_->mutex);
  auto transaction = Transaction::begin(parts_->database, "failed");
  if (!transaction) return failed(transaction);
  const auto begun = parts_->begun.find(attempt);
  auto query = parts_->database.query(
      "UPDATE attempts SET code = ?, message = ?, took_ms = ? WHERE id = ? RETURNING id");
  if (!query) return failed(query);
  query->bind(why.code).bind(why.message);
  if (begun != parts_->begun.end())
    query->bind(std::int64_t{(parts_->clock.now() - begun->second).count()});
  else
    query->bind_null();
  auto row = query->bind(*serial).step();
  if (!row) return failed(row);
  if (!*row)
    return failure(
        error("ledger.attempt_unknown", fmt::format("the ledger has no attempt {}", attempt)));
  if (auto rest = query->step(); !rest) return failed(rest);
  return transaction->commit();
}

Result<std::vector<OpenAttempt>> Ledger::open_attempts(const EnvironmentId& id) const {
  const std::lock_guard lock(parts_->mutex);
  std::vector<OpenAttempt> all;
  auto query = parts_->database.query(
      "SELECT id, run, once_key, work, fate IS NOT NULL FROM attempts WHERE environment = ? AND "
      "once_key != '' "
      "AND (fate IS NULL OR fate = 'running') ORDER BY id");
  if (!query) return failed(query);
  query->bind(id.text());
  for (;;) {
    auto row = query->step();
    if (!row) return failed(row);
    if (!*row) return all;
    auto json = query->as_written(parse_json(query->text(3)));
    if (!json) return failed(json);
    auto work = wire::read_as<Work>(*json);
    if (!work) return failed(work);
    all.push_back({{query->text(0), id, parts_->lineage, query->text(2), std::move(*work)},
                   query->number(1),
                   query->number(4) != 0});
  }
}

Status Ledger::settle(const EnvironmentId& id, const std::string& once_key, Fate fate,
                      const std::string& who) {
  if (fate != Fate::succeeded && fate != Fate::not_started)
    return failure(
        error("settle.fate", fmt::format("\"{}\" is no answer to what became of it", to_text(fate)))
            .next("succeeded, or not-run"));
  const std::lock_guard lock(parts_->mutex);
  Database& db = parts_->database;
  auto transaction = Transaction::begin(db, "settle");
  if (!transaction) return failed(transaction);
  auto newest = newest_at(db, id, once_key);
  if (!newest) return failed(newest);
  if (!*newest)
    return failure(
        error("settle.nothing", fmt::format("{} has not tried \"{}\"", id.text(), once_key))
            .next(fmt::format("reconciler status {}", id.text())));
  const Newest& n = **newest;
  if (is_open(n.fate))
    return failure(
        error("settle.open",
              fmt::format("{} of {} (attempt {}) may still run; nobody has looked yet", n.title,
                          id.text(), n.id))
            .next(fmt::format("reconciler apply {} looks first what became of it", id.text())));
  auto asked = is_asked_again(db, id, once_key);
  if (!asked) return failed(asked);
  if (!*asked && (*n.fate == Fate::succeeded || *n.fate == fate))
    return failure(error("settle.known",
                         fmt::format("{} of {} (attempt {}) is {} already{}", n.title, id.text(),
                                     n.id, *n.fate == Fate::succeeded ? "succeeded" : "not-run",
                                     n.settled_by.empty() ? "" : ", says " + n.settled_by))
                       .next(fmt::format("reconciler plan {}", id.text())));
  auto serial = serial_of(n.id);
  if (!serial) return failed(serial);
  // A row of its own: what ended badly before has been answered, and may be taken up again.
  auto noted = parts_->note(id, "", "Reconciling", "Settled", who);
  if (!noted) return failed(noted);
  auto query = db.query(
      "UPDATE attempts SET fate = ?, settled_by = ?, settled_at = ?, settled_run = ? WHERE id = ?");
  if (!query) return failed(query);
  query->bind(to_text(fate)).bind(who).bind(parts_->wall()).bind(*noted).bind(*serial);
  if (auto done = query->run(); !done) return done;
  {
    // Whoever answers for work of a rejected version wants that version.
    auto clear = db.query(
        "DELETE FROM targets WHERE environment = ? AND instr(? || '+', '@' || rejected_tag || '+') "
        "> 0");
    if (!clear) return failed(clear);
    if (auto done = clear->bind(id.text()).bind(once_key).run(); !done) return done;
  }
  return transaction->commit();
}

Result<std::vector<std::string>> Ledger::once_keys(const EnvironmentId& id,
                                                   std::string_view title) const {
  const std::lock_guard lock(parts_->mutex);
  auto query = parts_->database.query(
      // Those that wait for an answer first: an older tag may be asked for again.
      "SELECT once_key, fate, max(id) FROM attempts WHERE environment = ? AND once_key != '' AND "
      "title = ? GROUP BY once_key "
      "ORDER BY instr(once_key, ' by hand '), coalesce(fate, '') IN ('unknown', 'failed') DESC, "
      "max(id) DESC");
  if (!query) return failed(query);
  return query->bind(id.text()).bind(title).texts();
}

}  // namespace reconciler
