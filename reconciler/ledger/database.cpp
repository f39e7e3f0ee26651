#include "reconciler/ledger/database.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>

#include "reconciler/base/exhausted.hpp"
#include "reconciler/base/failpoint.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/room.hpp"
#include "reconciler/base/utf8.hpp"

namespace reconciler {
namespace {

constexpr int busy_milliseconds = 5000;
constexpr int page_bytes = 4096;  // SQLite writes whole pages, of its default size

/// Where what SQLite calls an I/O error may be want of room. It sets the number at these, and at
/// others shows the one of an earlier error.
bool may_be_full(int code, int number) {
  return (code == SQLITE_IOERR_WRITE || code == SQLITE_IOERR_SHMSIZE ||
          code == SQLITE_IOERR_SHMMAP || code == SQLITE_IOERR_SHMOPEN) &&
         (number == ENOSPC || number == EDQUOT);
}

}  // namespace

Query::~Query() {
  if (!it_) return;
  sqlite3_reset(it_);
  sqlite3_clear_bindings(it_);
}

Query& Query::bind(std::string_view text) {
  // What others say comes in any bytes, and what is written here is read again as text.
  if (!is_utf8(text)) return bind(to_utf8(text));
  sqlite3_bind_text64(it_, ++at_, text.data() ? text.data() : "", text.size(),
                      SQLITE_TRANSIENT,  // NOLINT: SQLite's own macro casts
                      SQLITE_UTF8);
  return *this;
}

Query& Query::bind(std::int64_t number) {
  sqlite3_bind_int64(it_, ++at_, number);
  return *this;
}

Query& Query::bind_blob(std::string_view bytes) {
  sqlite3_bind_blob64(it_, ++at_, bytes.data() ? bytes.data() : "", bytes.size(),
                      SQLITE_TRANSIENT);  // NOLINT: SQLite's own macro casts
  return *this;
}

Query& Query::bind_null() {
  sqlite3_bind_null(it_, ++at_);
  return *this;
}

Result<bool> Query::step() {
  const int code = sqlite3_step(it_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return failure(database_->failed_call(code));
}

Status Query::run() {
  auto row = step();
  if (!row) return failed(row);
  return {};
}

Result<std::vector<std::string>> Query::texts() {
  std::vector<std::string> all;
  for (;;) {
    auto row = step();
    if (!row) return failed(row);
    if (!*row) return all;
    all.push_back(text(0));
  }
}

std::string Query::text(int column) const {
  const void* bytes = sqlite3_column_blob(it_, column);
  const int size = sqlite3_column_bytes(it_, column);
  if (!bytes) return {};
  return {static_cast<const char*>(bytes), static_cast<size_t>(size)};
}

std::int64_t Query::number(int column) const {
  return sqlite3_column_int64(it_, column);
}

bool Query::null(int column) const {
  return sqlite3_column_type(it_, column) == SQLITE_NULL;
}

std::optional<std::string> Query::maybe_text(int column) const {
  if (null(column)) return std::nullopt;
  return text(column);
}

Result<Database> Database::open(const std::string& path, const std::string& vfs) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                                   vfs.empty() ? nullptr : vfs.c_str());
  Database database(raw, path);
  if (code != SQLITE_OK) return failure(database.failed_call(code));
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, busy_milliseconds);
  // The log stays when the last one closes: a look that finds nothing then unlinks no file.
  int keep = 1;
  sqlite3_file_control(raw, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
  if (auto set = database.execute("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
                                  "PRAGMA trusted_schema=OFF; PRAGMA journal_size_limit=4194304;");
      !set)
    return failed(set);
  return database;
}

Database::Database(Database&& other) noexcept
    : it_(std::exchange(other.it_, nullptr)),
      path_(std::move(other.path_)),
      reserve_(std::move(other.reserve_)),
      finished_(std::move(other.finished_)),
      durable_(other.durable_),
      statements_(std::move(other.statements_)) {
  other.statements_.clear();
}

Database::~Database() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close_v2(it_);
}

Result<Query> Database::query(const char* sql) {
  if (finished_) return failure(*finished_);
  auto& statement = statements_[sql];
  if (!statement) {
    const int code =
        sqlite3_prepare_v3(it_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) return failure(failed_call(code));
  }
  return Query(*this, statement);
}

Status Database::execute(const char* sql) {
  if (finished_) return failure(*finished_);
  const int code = sqlite3_exec(it_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(failed_call(code));
  return {};
}

void Database::roll_back() {
  if (sqlite3_get_autocommit(it_) == 0) sqlite3_exec(it_, "ROLLBACK", nullptr, nullptr, nullptr);
}

Status Database::commit_as(Durable how) {
  if (how == durable_) return {};
  if (auto set = execute(how == Durable::at_once ? "PRAGMA synchronous=FULL"
                                                 : "PRAGMA synchronous=NORMAL");
      !set)
    return set;
  durable_ = how;
  return {};
}

Status Database::still_there() {
  if (finished_) return failure(*finished_);
  int moved = 0;
  sqlite3_file_control(it_, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  if (moved == 0) return {};
  finished_ = error("ledger.gone", fmt::format("{} was removed or replaced while it was in use: "
                                               "nothing more is done on what it remembered",
                                               path_))
                  .next(
                      "put it back, and run the same again; if it is gone for good, that says "
                      "what to do");
  return failure(*finished_);
}

std::int64_t Database::last_id() const {
  return sqlite3_last_insert_rowid(it_);
}

Error Database::damaged(const std::string& said) {
  (void)replace_file(path_ + ".suspect", said + "\n");
  finished_ =
      error("ledger.damaged", fmt::format("cannot make sense of {}: {}", path_, said))
          .next("run the same again: the ledger is examined first, and set aside if it is broken");
  return *finished_;
}

Error Database::failed_call(int code) {
  const std::string said = it_ ? sqlite3_errmsg(it_) : sqlite3_errstr(code);
  const auto say = [&](std::string name, std::string_view what) {
    return error(std::move(name), fmt::format("{} {}: {}", what, path_, said));
  };
  const auto full = [&] {
    return error("ledger.full",
                 fmt::format("there is no room to write {}: {}: at least {}", path_,
                             sqlite3_errstr(SQLITE_FULL), room_missing(path_, page_bytes)))
        .next("make room on that disk")
        .passing();
  };
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return error("ledger.busy",
                   fmt::format("another process has been writing {} for more than {} s", path_,
                               busy_milliseconds / 1000))
          .passing();
    case SQLITE_FULL:
      return full();
    case SQLITE_NOMEM:
      return exhausted(said);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return damaged(said);
    case SQLITE_IOERR: {
      if (code == SQLITE_IOERR_NOMEM) return exhausted(said);  // no disk failed
      if (it_ && may_be_full(code, sqlite3_system_errno(it_))) return full();
      Error e =
          say("ledger.io", "cannot read or write").next("see what the kernel says of that disk");
      if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC) {
        finished_ = e;
        // The kernel shows what it dropped as if it were written; the next open writes it anew.
        (void)replace_file(path_ + ".suspect", said + "\n");
      }
      return e;
    }
    default:
      return say("ledger.io", "cannot use");
  }
}

Result<ReadTransaction> ReadTransaction::begin(Database& database) {
  auto query = database.query("BEGIN");
  if (!query) return failed(query);
  if (auto begun = query->run(); !begun) return failed(begun);
  return ReadTransaction(database);
}

ReadTransaction::~ReadTransaction() {
  if (database_) database_->roll_back();
}

Result<Transaction> Transaction::begin(Database& database, std::string_view name, Durable how) {
  if (auto point = failpoint(fmt::format("ledger.{}.before", name)); !point) return failed(point);
  if (auto there = database.still_there(); !there) return failed(there);
  if (auto set = database.commit_as(how); !set) return failed(set);
  database.reserve().give_way();
  if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun) return failed(begun);
  return Transaction(database, name);
}

Transaction::~Transaction() {
  if (database_) database_->roll_back();
}

Status Transaction::commit() {
  if (auto done = database_->execute("COMMIT"); !done) return done;
  database_ = nullptr;
  return failpoint(fmt::format("ledger.{}.after", name_));
}

}  // namespace reconciler
