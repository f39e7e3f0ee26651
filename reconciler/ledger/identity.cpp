#include "reconciler/ledger/identity.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/failpoint.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/helper.hpp"
#include "reconciler/base/json.hpp"
#include "reconciler/ledger/schema.hpp"
#include "reconciler/ledger/texts.hpp"

namespace reconciler {
namespace {

constexpr size_t key_bytes = 32;

Error unsafe(const std::string& path, std::string_view rule, std::string hint) {
  return error("state.unsafe", fmt::format("{} {}", path, rule)).next(std::move(hint));
}

}  // namespace

// No link, no other owner, nothing for group and others.
Status ours_alone(const std::string& path, bool folder) {
  struct stat about {};
  if (::lstat(path.c_str(), &about) != 0)
    return failure(error("state.unreadable",
                         fmt::format("cannot look at {}: {}", path, std::strerror(errno))));
  if (S_ISLNK(about.st_mode))
    return failure(unsafe(path, "is a symbolic link; the state must lie there itself",
                          "name the real folder with --state-dir"));
  if (folder ? !S_ISDIR(about.st_mode) : !S_ISREG(about.st_mode))
    return failure(unsafe(path, folder ? "is not a folder" : "is not a file", "move it away"));
  if (about.st_uid != ::geteuid())
    return failure(unsafe(
        path, fmt::format("belongs to user {}, and this is user {}", about.st_uid, ::geteuid()),
        "run as its owner, or name another --state-dir"));
  if ((about.st_mode & 077U) != 0)
    return failure(unsafe(
        path, fmt::format("has mode {:04o}; it must be closed to others", about.st_mode & 07777U),
        fmt::format("chmod {} {}", folder ? "0700" : "0600", path)));
  if (!folder && about.st_nlink != 1)
    return failure(unsafe(path, "has a second name (a hard link)", "remove the other name"));
  return {};
}

namespace {

struct Paths {
  explicit Paths(const std::string& state_dir)
      : folder(state_dir),
        ledger(folder + "/ledger.db"),
        key(folder + "/key"),
        new_key(folder + "/key.new"),
        suspect(ledger + ".suspect") {}
  std::string folder;
  std::string ledger;
  std::string key;
  std::string new_key;
  std::string suspect;
};

}  // namespace

std::string digest_of(const InstallationKey& key) {
  return keyed_digest(key.bytes, "reconciler installation key");
}

Result<InstallationKey> read_key(const std::string& path) {
  if (auto safe = ours_alone(path, false); !safe) return failed(safe);
  auto bytes = read_file(path, 1024, false);
  if (!bytes) return failed(bytes);
  if (bytes->size() != key_bytes)
    return failure(error("state.key_invalid", fmt::format("{} holds {} bytes; a key has {}", path,
                                                          bytes->size(), key_bytes))
                       .next("put the right key back from a backup, or move it away"));
  return InstallationKey{std::move(*bytes)};
}

namespace {

Result<InstallationKey> make_key(const std::string& path) {
  InstallationKey key{random_bytes(key_bytes)};
  if (key.bytes.size() != key_bytes)
    return failure(error("state.no_random", "the system has no random bytes to make a key from"));
  if (auto written = replace_file(path, key.bytes, 0600); !written) return failed(written);
  return key;
}

std::string make_lineage() {
  std::string b = random_bytes(16);
  b[6] = static_cast<char>((b[6] & 0x0f) | 0x40);  // RFC 4122, version 4
  b[8] = static_cast<char>((b[8] & 0x3f) | 0x80);
  const std::string hex = to_hex(b);
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20));
}

Result<std::optional<std::string>> read_meta(Database& database, std::string_view name) {
  auto query = database.query("SELECT value FROM meta WHERE name = ?");
  if (!query) return failed(query);
  auto row = query->bind(name).step();
  if (!row) return failed(row);
  if (!*row) return std::optional<std::string>();
  return std::optional(query->text(0));
}

Status write_meta(Database& database, std::string_view name, std::string_view value) {
  auto query = database.query(
      "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = "
      "excluded.value");
  if (!query) return failed(query);
  return query->bind(name).bind(value).run();
}

/// The ledger goes on under another key than its own, and says so.
Status bind_to(const InstallationKey& key, Database& database, const Error& loss) {
  auto transaction = Transaction::begin(database, "loss");
  if (!transaction) return failed(transaction);
  if (auto done = write_meta(database, "loss", boost::json::serialize(to_json(loss))); !done)
    return done;
  if (auto done = write_meta(database, "key", digest_of(key)); !done) return done;
  return transaction->commit();
}

/// What a look at the ledger's file found.
struct Opened {
  std::optional<Database> database;  ///< none: there is no ledger
  std::string lineage;
  std::string key_digest;
  std::optional<Error> loss;
};

Status check_identity_rows(Database& database) {
  return check_texts(database.path(), [&](const char* sql, const auto& row) -> Status {
    auto query = database.query(sql);
    if (!query) return failed(query);
    for (;;) {
      auto there = query->step();
      if (!there) return failed(there);
      if (!*there) return {};
      row([&](int column) { return query->maybe_text(column); });
    }
  });
}

Result<Opened> read_ledger(const Paths& paths, const std::string& vfs, bool examine) {
  Opened found;
  struct stat about {};
  if (::lstat(paths.ledger.c_str(), &about) != 0 ||
      (S_ISREG(about.st_mode) && about.st_size == 0 && !exists(paths.ledger + "-wal")))
    return found;
  if (auto safe = ours_alone(paths.ledger, false); !safe) return failed(safe);
  auto database = Database::open(paths.ledger, vfs);
  if (!database) return failed(database);
  auto version = read_version(*database);
  if (!version) return failed(version);
  if (*version == 0) return found;  // it died while the tables were made
  if (auto known = check_version(*database, *version); !known) return failed(known);
  if (examine) {
    auto check = database->query("PRAGMA integrity_check(1)");
    if (!check) return failed(check);
    auto row = check->step();
    if (!row) return failed(row);
    if (check->text(0) != "ok")
      return failure(error("ledger.damaged", fmt::format("{}: {}", paths.ledger, check->text(0))));
  }
  if (auto done = bring_up_to_date(*database, *version); !done) return failed(done);
  if (examine)
    if (auto sound = check_identity_rows(*database); !sound) return failed(sound);
  auto lineage = read_meta(*database, "lineage");
  if (!lineage) return failed(lineage);
  auto digest = read_meta(*database, "key");
  if (!digest) return failed(digest);
  auto loss = read_meta(*database, "loss");
  if (!loss) return failed(loss);
  if (!*lineage || !*digest)
    return failure(error("ledger.damaged", fmt::format("{} has no lineage", paths.ledger)));
  found.lineage = **lineage;
  found.key_digest = **digest;
  if (*loss)
    if (auto json = parse_json(**loss)) found.loss = error_from_json(*json);
  found.database.emplace(std::move(*database));
  return found;
}

std::string file_time(const Clock& clock) {
  std::string text = to_text(clock.wall());
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

Status move(const std::string& from, const std::string& to, const std::string& folder) {
  if (::rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT)
    return failure(
        error("file.unwritable", fmt::format("cannot rename {}: {}", from, std::strerror(errno))));
  return sync_folder(folder);
}

/// The broken file goes last: until it is moved, every open finds it broken and comes here again.
Result<std::string> set_aside(const Paths& paths, const Clock& clock) {
  std::string to = paths.ledger + ".corrupt-" + file_time(clock);
  for (int n = 2; exists(to); ++n)
    to = fmt::format("{}.corrupt-{}.{}", paths.ledger, file_time(clock), n);
  for (const std::string part : {"-wal", "-shm", ""}) {
    if (auto point = failpoint("ledger.aside.before"); !point) return failed(point);
    if (auto moved = move(paths.ledger + part, to + part, paths.folder); !moved)
      return failed(moved);
    if (auto point = failpoint("ledger.aside.after"); !point) return failed(point);
  }
  ::unlink(paths.suspect.c_str());
  return to;
}

constexpr std::string_view after_loss =
    "nothing is run on a guess: reconciler adopt APP/ENV takes over what runs";

Error lost(const Paths& paths) {
  Error e = error("ledger.lost",
                  fmt::format("{} is gone, though {} shows that there was one; a new one was made",
                              paths.ledger, paths.key))
                .next(std::string(after_loss));
  const auto names = list_folder(paths.folder);
  if (!names) return e;
  for (const auto& name : *names)
    if (name.starts_with("ledger.db.corrupt-") && !name.ends_with("-wal") &&
        !name.ends_with("-shm"))
      e.facts.push_back({"aside", paths.folder + "/" + name});
  return e;
}

/// The lock under which a ledger is made or set aside; `plan` and `run` may start together.
Result<Descriptor> making_lock(const std::string& folder) {
  const std::string path = folder + "/ledger.lock";
  Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd)
    return failure(
        error("file.unwritable", fmt::format("cannot open {}: {}", path, std::strerror(errno))));
  while (::flock(fd.get(), LOCK_EX) != 0)
    if (errno != EINTR)
      return failure(
          error("file.unwritable", fmt::format("cannot lock {}: {}", path, std::strerror(errno))));
  return fd;
}

/// A new ledger in an empty file, bound to `key`.
Result<Opened> make_ledger(const Paths& paths, const std::string& vfs, const InstallationKey& key,
                           const std::optional<Error>& loss) {
  {
    const Descriptor fd(
        ::open(paths.ledger.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd)
      return failure(error("file.unwritable",
                           fmt::format("cannot make {}: {}", paths.ledger, std::strerror(errno))));
  }
  if (auto synced = sync_folder(paths.folder); !synced) return failed(synced);
  const std::string told = loss ? boost::json::serialize(to_json(*loss)) : std::string();
  {
    auto database = Database::open(paths.ledger, vfs);
    if (!database) return failed(database);
    if (auto made = make_tables(*database, make_lineage(), digest_of(key), told); !made)
      return failed(made);
  }
  return read_ledger(paths, vfs, false);
}

/// After a sync that failed the log may stand in memory alone, where the kernel takes it for
/// written: all of it is written into the file itself. `ledger.busy` while another process reads
/// it: what would be written behind it meanwhile might be on no disk either.
Status write_back(Database& database) {
  auto query = database.query("PRAGMA wal_checkpoint(TRUNCATE)");
  if (!query) return failed(query);
  auto row = query->step();
  if (!row) return failed(row);
  if (*row && query->number(0) == 0) return {};
  return failure(error("ledger.busy",
                       "a write to the ledger could not be made durable before, and another "
                       "process reads it while all of it is to be written anew")
                     .next("the same again; the other one may be `reconciler run`: restart it")
                     .passing());
}

/// Ledger and key where something is missing or broken. The key is written under another name,
/// then the ledger that holds its digest, then the key is renamed: a ledger without a key is one
/// that was being made, and a key without a ledger says that there was one.
Result<Identity> make_or_mend(const Paths& paths, const Clock& clock, const std::string& vfs) {
  auto lock = making_lock(paths.folder);
  if (!lock) return failed(lock);
  // Who made the folder may have died before it was durable. A parent that may be entered and not
  // read cannot be asked.
  const std::string parent = paths.folder + "/..";
  if (::access(parent.c_str(), R_OK) == 0)
    if (auto synced = sync_folder(parent); !synced) return failed(synced);
  std::optional<Error> loss;
  auto looked = read_ledger(paths, vfs, true);
  if (!looked && looked.error().code == "ledger.damaged") {
    const std::string said = looked.error().message;
    auto aside = set_aside(paths, clock);
    if (!aside) return failed(aside);
    loss = error("ledger.corrupt", fmt::format("{} was broken; a new one was made", paths.ledger))
               .with("found", said)
               .with("aside", *aside)
               .next(std::string(after_loss));
  } else if (!looked) {
    return failed(looked);
  }
  Opened found = looked ? std::move(*looked) : Opened{};
  if (found.database && exists(paths.suspect)) {
    if (auto written = write_back(*found.database); !written) return failed(written);
    ::unlink(paths.suspect.c_str());
  }

  const bool had_key = exists(paths.key);
  const std::string key_path = had_key ? paths.key : paths.new_key;
  auto key = exists(key_path) ? read_key(key_path) : make_key(key_path);
  if (!key) return failed(key);
  if (!found.database) {
    if (had_key && !loss) loss = lost(paths);
    auto made = make_ledger(paths, vfs, *key, loss);
    if (!made) return failed(made);
    found.database.emplace(std::move(*made->database));
    found.lineage = made->lineage;
    found.loss = made->loss;
  } else if (found.key_digest != digest_of(*key)) {
    const Error gone =
        error("ledger.key_lost",
              fmt::format("{} is not the key that {} was made with", paths.key, paths.ledger))
            .next("put the key back from a backup; what was sealed under it cannot be read");
    if (auto done = bind_to(*key, *found.database, gone); !done) return failed(done);
    found.loss = gone;
  }
  if (!had_key) {
    if (auto point = failpoint("ledger.key.before"); !point) return failed(point);
    if (auto moved = move(paths.new_key, paths.key, paths.folder); !moved) return failed(moved);
    if (auto point = failpoint("ledger.key.after"); !point) return failed(point);
  }
  return Identity{std::move(*found.database), found.lineage, std::move(*key), found.loss};
}

}  // namespace

Status secure_state_folder(const std::string& state_dir) {
  if (!exists(state_dir)) {
    const auto slash = state_dir.rfind('/');
    if (slash != std::string::npos && slash > 0)
      if (auto made = make_folders(state_dir.substr(0, slash), 0755); !made) return made;
    if (auto made = make_folders(state_dir, 0700); !made) return made;
  }
  return ours_alone(state_dir, true);
}

Result<Identity> open_identity(const std::string& state_dir, const Clock& clock,
                               const std::string& vfs) {
  if (auto secured = secure_state_folder(state_dir); !secured) return failed(secured);
  const Paths paths(clean_path(state_dir));
  if (exists(paths.key) && !exists(paths.suspect)) {
    auto found = read_ledger(paths, vfs, false);
    if (!found && found.error().code != "ledger.damaged") return failed(found);
    if (found && found->database) {
      auto key = read_key(paths.key);
      if (!key) return failed(key);
      if (digest_of(*key) == found->key_digest)
        return Identity{std::move(*found->database), found->lineage, std::move(*key), found->loss};
    }
  }
  return make_or_mend(paths, clock, vfs);
}

}  // namespace reconciler
