#include "reconciler/base/backups.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "reconciler/base/failpoint.hpp"
#include "reconciler/base/room.hpp"
#include "reconciler/base/shell.hpp"
#include "reconciler/base/size.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler {
namespace {

constexpr std::string_view ending = ".backup";
constexpr std::string_view sum_ending = ".sha256";
constexpr std::string_view partial_ending = ".backup.partial";
constexpr std::string_view replacing_ending = ".tmp";  // of a checksum, by replace_file
constexpr size_t longest_sum = 1024;
constexpr std::uint64_t least_room = 1U << 20U;

/// `20261128T231757Z`
std::string stamp_of(WallTime at) {
  std::string text = to_text(at);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

std::string name_of(WallTime at, const std::string& tag) {
  return fmt::format("{}{}{}{}", stamp_of(at), tag.empty() ? "" : "-", tag, ending);
}

/// The name that a file would have if it were one of ours, taken apart.
std::optional<Backup> parse(const std::string& name) {
  std::tm when{};
  const char* rest = ::strptime(name.c_str(), "%Y%m%dT%H%M%SZ", &when);
  if (!rest || !name.ends_with(ending)) return std::nullopt;
  const size_t from = static_cast<size_t>(rest - name.c_str());
  if (from + ending.size() > name.size()) return std::nullopt;
  std::string tag = name.substr(from, name.size() - ending.size() - from);
  if (tag.starts_with('-')) tag.erase(0, 1);
  const WallTime at{std::chrono::seconds(::timegm(&when))};
  if (name_of(at, tag) != name) return std::nullopt;
  return Backup{.name = name, .at = at, .tag = std::move(tag)};
}

Error cannot(std::string_view what, const std::string& path) {
  return error("file.unwritable",
               fmt::format("cannot {} {}: {}", what, path, std::strerror(errno)));
}

/// Digits of the checksum; nothing where there is none that could be read.
std::optional<std::string> sum_of(const std::string& path) {
  const auto text = read_file(path + std::string(sum_ending), longest_sum, false);
  if (!text || text->size() < 64) return std::nullopt;
  return text->substr(0, 64);
}

/// A checksum that replace_file had not named yet: `.`, 16 hexadecimal digits, `.tmp`.
bool is_unnamed_sum(const std::string& name) {
  constexpr size_t digits = 16;
  return name.size() == 1 + digits + replacing_ending.size() && name.ends_with(replacing_ending) &&
         name.find_first_not_of("0123456789abcdef", 1) == 1 + digits;
}

/// Only what is not of somebody else: a file cut off, a checksum whose file never came.
Status remove_left_over(const std::string& folder) {
  auto names = list_folder(folder);
  if (!names) return failed(names);
  for (const auto& name : *names) {
    const bool partial =
        name.starts_with('.') && (name.ends_with(partial_ending) || is_unnamed_sum(name));
    const auto of = name.ends_with(sum_ending)
                        ? parse(name.substr(0, name.size() - sum_ending.size()))
                        : std::nullopt;
    if (!partial && !(of && !exists(folder + "/" + of->name))) continue;
    const std::string path = folder + "/" + name;
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failure(cannot("remove", path));
  }
  return {};
}

Status has_room(const std::string& folder, const std::vector<Backup>& there) {
  if (there.empty()) return {};
  const std::uint64_t wanted = there[0].size + there[0].size / 4 + least_room;
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) != 0) return {};  // the writing says it
  const std::uint64_t free = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  if (free >= wanted) return {};
  return failure(
      error("backup.no_room",
            fmt::format("a backup may need {}, and where they lie, in {}, {} is free",
                        size_for_people(static_cast<std::int64_t>(wanted)), folder,
                        size_for_people(static_cast<std::int64_t>(free))))
          .with("newest", fmt::format("{}, {}", there[0].name,
                                      size_for_people(static_cast<std::int64_t>(there[0].size))))
          .next("make room there; no backup that is good is removed for it"));
}

}  // namespace

std::string BackupFile::temporary() const {
  return fmt::format("{}/.{}.partial", folder_, backup_.name);
}

BackupFile::~BackupFile() {
  if (fd_) ::unlink(temporary().c_str());
}

Status BackupFile::add(std::string_view bytes) {
  const auto write = [&](std::string_view rest) -> Status {
    while (!rest.empty()) {
      const ssize_t n = ::write(fd_.get(), rest.data(), rest.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && (errno == ENOSPC || errno == EDQUOT))
        return failure(
            error("backup.full",
                  fmt::format("no room for the backup in {}: {} of it written, {}", folder_,
                              size_for_people(static_cast<std::int64_t>(backup_.size)),
                              room_missing(folder_, 0)))
                .next("make room there; no backup that is good is removed for it"));
      if (n < 0) return failure(cannot("write", temporary()));
      rest.remove_prefix(static_cast<size_t>(n));
    }
    return {};
  };
  const auto half = [&] { (void)write(bytes.substr(0, bytes.size() / 2)); };
  if (auto point = failpoint("backup.write", half); !point) return point;
  if (auto written = write(bytes); !written) return written;
  digest_.add(bytes);
  backup_.size += bytes.size();
  return {};
}

Result<Backup> BackupFile::finish() {
  if (backup_.size == 0)
    return failure(error("backup.empty", "the command wrote nothing to its standard output"));
  if (::fsync(fd_.get()) != 0) return failure(cannot("make durable", temporary()));
  const std::string path = folder_ + "/" + backup_.name;
  const std::string sum = path + std::string(sum_ending);
  if (auto written = replace_file(sum, fmt::format("{}  {}\n", digest_.hex(), backup_.name));
      !written)
    return failed(written);
  if (auto point = failpoint("backup.named.before"); !point) return failed(point);
  if (::rename(temporary().c_str(), path.c_str()) != 0) return failure(cannot("name", path));
  fd_.reset();
  if (auto synced = sync_folder(folder_); !synced) return failed(synced);
  if (auto point = failpoint("backup.named.after"); !point) return failed(point);
  return backup_;
}

Result<std::vector<BackupFolder::Named>> BackupFolder::named() const {
  auto names = list_folder(path_);
  if (!names) return failed(names);
  std::vector<Named> all;
  for (const auto& name : *names) {
    auto one = parse(name);
    struct stat about {};
    const std::string path = path_ + "/" + name;
    if (!one || ::lstat(path.c_str(), &about) != 0) continue;
    one->size = static_cast<std::uint64_t>(about.st_size);
    one->written = WallTime(std::chrono::seconds(about.st_mtim.tv_sec));
    PassedOver none{name, "", ""};
    if (!S_ISREG(about.st_mode)) {
      none.why = "is no regular file";
    } else if (!sum_of(path)) {
      const std::string word = shell_word(name);
      none.why = "has no checksum beside it";
      none.mend = fmt::format("cd {} && sha256sum {} > {}.sha256", shell_word(path_), word, word);
    }
    all.push_back({std::move(*one), std::move(none)});
  }
  std::ranges::sort(all, [](const Named& a, const Named& b) {
    return std::tie(a.backup.at, a.backup.name) > std::tie(b.backup.at, b.backup.name);
  });
  return all;
}

Result<std::vector<Backup>> BackupFolder::list() const {
  auto all = named();
  if (!all) return failed(all);
  std::vector<Backup> backups;
  for (Named& one : *all)
    if (one.none.why.empty()) backups.push_back(std::move(one.backup));
  return backups;
}

Result<std::vector<PassedOver>> BackupFolder::passed_over() const {
  auto all = named();
  if (!all) return failed(all);
  std::vector<PassedOver> none;
  for (Named& one : *all)
    if (!one.none.why.empty()) none.push_back(std::move(one.none));
  return none;
}

std::optional<Backup> backup_called(const std::string& name) {
  return parse(name);
}

Result<BackupFile> BackupFolder::begin(WallTime at, const std::string& tag) const {
  if (auto made = make_folders(path_); !made) return failed(made);
  if (auto tidied = remove_left_over(path_); !tidied) return failed(tidied);
  auto there = list();
  if (!there) return failed(there);
  if (auto room = has_room(path_, *there); !room) return failed(room);
  // The newest by its name, though the clock was put back: the oldest are those that go.
  if (!there->empty()) at = std::max(at, there->front().at + std::chrono::seconds(1));
  while (exists(path_ + "/" + name_of(at, tag))) at += std::chrono::seconds(1);
  Backup backup{.name = name_of(at, tag), .at = at, .tag = tag};
  const std::string path = fmt::format("{}/.{}.partial", path_, backup.name);
  Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return failure(cannot("write", path));
  return BackupFile(path_, std::move(backup), std::move(fd));
}

Result<std::vector<Backup>> BackupFolder::keep(int most, const std::set<std::string>& uncounted,
                                               const std::set<std::string>& needless) const {
  auto there = list();
  if (!there) return there;
  most = std::max(most, 1);
  const auto is_needless = [&](const Backup& one) {
    return one.name != there->front().name && needless.contains(one.name);
  };
  const auto wanted = std::ranges::count_if(*there, [&](const Backup& one) {
    return !is_needless(one) && !uncounted.contains(one.name);
  });
  auto places_left = std::max<std::ptrdiff_t>(most - wanted, 0);
  std::vector<Backup> removed;
  int kept = 0;
  for (const Backup& one : *there) {
    if (is_needless(one)) {
      if (places_left-- > 0) continue;
    } else if (kept < most) {
      if (!uncounted.contains(one.name)) ++kept;
      continue;
    }
    const std::string path = path_ + "/" + one.name;
    if (auto point = failpoint("backup.removed.before"); !point) return failed(point);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failure(cannot("remove", path));
    (void)::unlink((path + std::string(sum_ending)).c_str());
    if (auto point = failpoint("backup.removed.after"); !point) return failed(point);
    removed.push_back(one);
  }
  return removed;
}

Result<Descriptor> BackupFolder::open(const std::string& name) const {
  const std::string path = path_ + "/" + name;
  const auto wanted = parse(name) ? sum_of(path) : std::nullopt;
  Descriptor fd(wanted ? ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -1);
  if (!fd)
    return failure(error("backup.unknown", fmt::format("there is no backup {} with its checksum in "
                                                       "{}",
                                                       printable(name, 100), path_)));
  Sha256 digest;
  std::string buffer(size_t{1} << 20U, '\0');
  for (;;) {
    const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0)
      return failure(error("backup.damaged",
                           fmt::format("{} cannot be read: {}", path, std::strerror(errno))));
    if (n == 0) break;
    digest.add({buffer.data(), static_cast<size_t>(n)});
  }
  if (digest.hex() != *wanted)
    return failure(error("backup.damaged", fmt::format("{} is not what was written: its checksum "
                                                       "is another one",
                                                       path))
                       .next("take another one"));
  if (::lseek(fd.get(), 0, SEEK_SET) != 0)
    return failure(error("backup.damaged", fmt::format("{} cannot be read twice", path)));
  return fd;
}

}  // namespace reconciler
