// SQLite as the ledger uses it: an open file, prepared statements, transactions; errors as values.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "reconciler/base/result.hpp"
#include "reconciler/ledger/reserve.hpp"

namespace reconciler {

class Database;

/// When what is committed is on the disk: as the commit returns, or with the next one that is.
enum class Durable { at_once, later };

/// One use of a prepared statement; reset when it goes. Parameters are bound in order, counted from
/// the first; texts are copied.
class Query {
 public:
  Query(Database& database, sqlite3_stmt* statement) : database_(&database), it_(statement) {}
  Query(Query&& other) noexcept
      : database_(other.database_), it_(std::exchange(other.it_, nullptr)), at_(other.at_) {}
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  Query& operator=(Query&&) = delete;
  ~Query();

  /// Bytes that are no UTF-8 are written as `?`.
  Query& bind(std::string_view text);
  Query& bind(const std::string& text) { return bind(std::string_view(text)); }
  Query& bind(const char* text) { return bind(std::string_view(text)); }
  Query& bind(std::int64_t number);
  Query& bind_null();
  Query& bind_blob(std::string_view bytes);
  template <class T>
  Query& bind(const std::optional<T>& value) {
    return value ? bind(*value) : bind_null();
  }

  /// True when there is a row, false at the end.
  Result<bool> step();
  /// For statements without rows.
  Status run();

  /// The first column of all rows that are left.
  Result<std::vector<std::string>> texts();

  std::string text(int column) const;  ///< also the bytes of a blob
  std::int64_t number(int column) const;
  bool null(int column) const;
  std::optional<std::string> maybe_text(int column) const;
  /// What was read out of a row's texts. Where they are none that are ever written, the page was
  /// damaged in a way that SQLite cannot see: Database::damaged.
  template <class T>
  Result<T> as_written(Result<T> read) const;

 private:
  Database* database_;
  sqlite3_stmt* it_;
  int at_ = 0;
};

/// An open database file: WAL, synchronous=FULL, foreign keys. Not for two threads at a time.
class Database {
 public:
  /// `path` exists (0600, perhaps empty). Fails as `ledger.hpp` says.
  static Result<Database> open(const std::string& path, const std::string& vfs);
  Database(Database&& other) noexcept;
  Database& operator=(Database&&) = delete;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  /// Prepared once a text, then used again; `sql` must be a literal.
  Result<Query> query(const char* sql);
  /// Several statements without parameters or rows.
  Status execute(const char* sql);
  /// Ends a transaction without its writes, also where everything is refused: others wait for it.
  void roll_back();
  /// How the next commits are made durable; not within a transaction.
  Status commit_as(Durable how);
  /// `ledger.gone` where the file has no name any more, or its name is another's.
  Status still_there();
  /// Why everything is refused from now on: a sync failed, the file is gone, or damaged.
  const std::optional<Error>& finished() const { return finished_; }
  std::int64_t last_id() const;
  const std::string& path() const { return path_; }
  /// Of the folder that it lies in.
  Reserve& reserve() { return reserve_; }
  /// The error of a SQLite call that failed. After a failed sync everything fails: what the kernel
  /// dropped cannot be written again through this object.
  Error failed_call(int code);
  /// `ledger.damaged`, found in use; the next open examines the whole file.
  Error damaged(const std::string& said);

 private:
  explicit Database(sqlite3* it, std::string path)
      : it_(it), path_(std::move(path)), reserve_(path_.substr(0, path_.rfind('/'))) {}
  sqlite3* it_ = nullptr;
  std::string path_;
  Reserve reserve_;
  std::optional<Error> finished_;
  Durable durable_ = Durable::at_once;
  std::unordered_map<const char*, sqlite3_stmt*> statements_;
};

template <class T>
Result<T> Query::as_written(Result<T> read) const {
  if (read) return read;
  return failure(database_->damaged(read.error().message));
}

/// As long as it lives all that is read is of one moment, whatever others write meanwhile. Nobody
/// waits for it.
class ReadTransaction {
 public:
  static Result<ReadTransaction> begin(Database& database);
  ReadTransaction(ReadTransaction&& other) noexcept
      : database_(std::exchange(other.database_, nullptr)) {}
  ReadTransaction(const ReadTransaction&) = delete;
  ReadTransaction& operator=(const ReadTransaction&) = delete;
  ReadTransaction& operator=(ReadTransaction&&) = delete;
  ~ReadTransaction();

 private:
  explicit ReadTransaction(Database& database) : database_(&database) {}
  Database* database_;
};

/// BEGIN IMMEDIATE; rolled back unless committed. All that is written goes through one, and each
/// has the failpoints of its name: `ledger.NAME.before` before it begins, `ledger.NAME.after` once
/// it is durable.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database, std::string_view name,
                                   Durable how = Durable::at_once);
  Transaction(Transaction&& other) noexcept
      : database_(std::exchange(other.database_, nullptr)), name_(other.name_) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Status commit();

 private:
  Transaction(Database& database, std::string_view name) : database_(&database), name_(name) {}
  Database* database_;
  std::string_view name_;  ///< a literal
};

}  // namespace reconciler
