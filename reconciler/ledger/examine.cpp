#include "reconciler/ledger/examine.hpp"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <functional>
#include <string_view>
#include <utility>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/helper.hpp"
#include "reconciler/base/json.hpp"
#include "reconciler/ledger/identity.hpp"
#include "reconciler/ledger/schema.hpp"
#include "reconciler/ledger/texts.hpp"

namespace reconciler {
namespace {

/// False where nobody can tell, too: then what is asked of it next says why.
bool is_gone(const std::string& path) {
  struct stat about {};
  return ::lstat(path.c_str(), &about) != 0 && errno == ENOENT;
}

std::int64_t size_of(const std::string& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0 ? about.st_size : 0;
}

/// A path as SQLite's `file:` wants it.
std::string uri_of(const std::string& path, std::string_view how) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#')
      uri += fmt::format("%{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    else
      uri += c;
  }
  return fmt::format("{}?{}", uri, how);
}

/// A ledger that is read and nothing else: nothing is made beside it.
class Reader {
 public:
  static Result<Reader> open(const std::string& path) {
    // Where nothing is in the log, SQLite would make one, and an index of it, to read by.
    std::vector<std::string_view> ways{"immutable=1"};
    if (size_of(path + "-wal") > 0) ways.insert(ways.begin(), "mode=ro");
    std::optional<Error> why;
    for (const auto how : ways) {
      Reader reader(path);
      sqlite3_open_v2(uri_of(path, how).c_str(), &reader.it_,
                      SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
      sqlite3_busy_timeout(reader.it_, 5000);
      auto first = reader.value("PRAGMA trusted_schema=OFF; SELECT count(*) FROM sqlite_schema");
      if (first) return reader;
      if (!why) why = std::move(first.error());
    }
    return failure(std::move(*why));
  }
  Reader(Reader&& other) noexcept
      : it_(std::exchange(other.it_, nullptr)), path_(std::move(other.path_)) {}
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  Reader& operator=(Reader&&) = delete;
  ~Reader() { sqlite3_close_v2(it_); }

  /// The first column of the last row; none where that is null, or there is no row.
  Result<std::optional<std::string>> value(const char* sql) {
    std::optional<std::string> out;
    const auto take = [](void* into, int, char** texts, char**) {
      if (texts[0]) *static_cast<std::optional<std::string>*>(into) = texts[0];
      return 0;
    };
    if (sqlite3_exec(it_, sql, take, &out, nullptr) != SQLITE_OK) return failure(unread());
    return out;
  }
  /// Gives each row.
  Status each(const char* sql, const std::function<void(const RowText&)>& row) {
    const auto give = [](void* to, int, char** texts, char**) {
      const auto text = [&](int n) {
        return texts[n] ? std::optional<std::string>(texts[n]) : std::nullopt;
      };
      (*static_cast<const std::function<void(const RowText&)>*>(to))(text);
      return 0;
    };
    // SQLite hands it through as it is, and `give` alone reads it.
    void* to = const_cast<void*>(static_cast<const void*>(&row));  // NOLINT: SQLite asks for that
    return sqlite3_exec(it_, sql, give, to, nullptr) == SQLITE_OK ? Status{} : failure(unread());
  }
  Result<std::int64_t> number(const char* sql) {
    auto text = value(sql);
    if (!text) return failed(text);
    return *text ? std::strtoll((*text)->c_str(), nullptr, 10) : 0;
  }

 private:
  explicit Reader(std::string path) : path_(std::move(path)) {}
  Error unread() const {
    return error("ledger.damaged", fmt::format("{} cannot be read: {}", path_, sqlite3_errmsg(it_)))
        .next(
            "put it back from a backup; else the next command sets it aside, and what runs is "
            "taken over: reconciler adopt APP/ENV");
  }
  sqlite3* it_ = nullptr;
  std::string path_;
};

Status check_whole(Reader& reader, const std::string& ledger) {
  auto said = reader.value("PRAGMA integrity_check(1)");
  if (!said) return failed(said);
  if (*said == "ok") return {};
  return failure(
      error("ledger.damaged", fmt::format("{}: {}", ledger, said->value_or("it says nothing")))
          .next("the next command sets it aside; then, for each: reconciler adopt APP/ENV"));
}

Status check_rows(Reader& reader, const std::string& ledger, std::int64_t version) {
  if (version != schema_version) return {};  // the next command brings it up to date, and asks then
  auto sound =
      check_texts(ledger, [&](const char* sql, const auto& row) { return reader.each(sql, row); });
  if (!sound && sound.error().hint.empty())
    sound.error().hint = "the next command sets it aside; then, for each: reconciler adopt APP/ENV";
  return sound;
}

/// As it counts in Ledger::open.
Result<LedgerExam> read_exam(Reader& reader, const std::string& ledger, const std::string& key_file,
                             const InstallationKey& key) {
  LedgerExam exam;
  exam.bytes = size_of(ledger) + size_of(ledger + "-wal");
  auto version = reader.number("PRAGMA user_version");
  if (!version) return failed(version);
  if (*version > schema_version)
    return failure(error("ledger.newer_version",
                         fmt::format("{} has format {}; this program knows formats up to {}",
                                     ledger, *version, schema_version))
                       .next("use the reconciler that wrote it, or a newer one"));
  if (*version == 0) return exam;  // it died while the tables were made
  if (auto sound = check_rows(reader, ledger, *version); !sound) return failed(sound);
  auto digest = reader.value("SELECT value FROM meta WHERE name = 'key'");
  if (!digest) return failed(digest);
  if (*digest != digest_of(key))
    return failure(
        error("ledger.key_lost",
              fmt::format("{} is not the key that {} was made with", key_file, ledger))
            .next("put the key back from a backup; what was sealed under it cannot be read"));
  auto loss = reader.value("SELECT value FROM meta WHERE name = 'loss'");
  if (!loss) return failed(loss);
  if (*loss)
    if (const auto json = parse_json(**loss)) exam.loss = error_from_json(*json);
  auto runs = reader.number("SELECT count(*) FROM runs");
  if (!runs) return failed(runs);
  auto environments = reader.number("SELECT count(*) FROM environments");
  if (!environments) return failed(environments);
  auto newest = reader.number("SELECT max(started) FROM runs");
  if (!newest) return failed(newest);
  exam.runs = *runs;
  exam.environments = *environments;
  if (*runs > 0) exam.newest = WallTime(std::chrono::seconds(*newest));
  return exam;
}

}  // namespace

Result<std::optional<LedgerExam>> examine_ledger(const std::string& state_dir) {
  if (is_gone(state_dir)) return std::nullopt;
  if (auto safe = ours_alone(state_dir, true); !safe) return failed(safe);
  const std::string ledger = state_dir + "/ledger.db";
  const std::string key_file = state_dir + "/key";
  if (is_gone(ledger)) {
    if (is_gone(key_file)) return std::nullopt;
    return failure(
        error("ledger.lost",
              fmt::format("{} is gone, though {} shows that there was one", ledger, key_file))
            .next("put it back from a backup; else the next command makes a new one, and what runs "
                  "is taken over: reconciler adopt APP/ENV"));
  }
  if (auto safe = ours_alone(ledger, false); !safe) return failed(safe);
  auto key = read_key(key_file);
  if (!key) return failed(key);
  auto reader = Reader::open(ledger);
  if (!reader) return failed(reader);
  if (auto whole = check_whole(*reader, ledger); !whole) return failed(whole);
  auto exam = read_exam(*reader, ledger, key_file, *key);
  if (!exam) return failed(exam);
  return std::move(*exam);
}

}  // namespace reconciler
