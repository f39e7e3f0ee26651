#include "reconciler/ledger/reserve.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/room.hpp"

namespace reconciler {
namespace {

/// For the writes of a run, with the sealed records of its version. Not measured: one record alone
/// may have 8 MiB, and a version with such a one needs room of its own.
constexpr std::int64_t kept_bytes = std::int64_t{1} << 20U;
/// What one transaction may take.
constexpr std::uint64_t little_bytes = 256U << 10U;

std::string file_in(const std::string& folder) {
  return folder + "/reserve";
}

}  // namespace

Status Reserve::keep() {
  const std::string path = file_in(folder_);
  struct stat now {};
  if (::lstat(path.c_str(), &now) == 0 && S_ISREG(now.st_mode) && now.st_size >= kept_bytes)
    return {};
  const Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  const int number = fd ? ::posix_fallocate(fd.get(), 0, kept_bytes) : errno;
  if (number != ENOSPC && number != EDQUOT) return {};
  Error full = error("ledger.full",
                     fmt::format("there is no room to keep {}, with which what is begun comes to "
                                 "its end: No space left on device: at least {}",
                                 path, room_missing(path, kept_bytes)))
                   .next("make room on that disk")
                   .passing();
  if (fd) ::unlink(path.c_str());
  return failure(std::move(full));
}

void Reserve::give_way() const {
  struct statvfs about {};
  if (needed_by_.empty() || ::statvfs(folder_.c_str(), &about) != 0) return;
  if (about.f_bavail * about.f_frsize < little_bytes) ::unlink(file_in(folder_).c_str());
}

}  // namespace reconciler
