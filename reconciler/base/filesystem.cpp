#include "reconciler/base/filesystem.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/failpoint.hpp"
#include "reconciler/base/room.hpp"

namespace reconciler {
namespace {

/// `wanted`: how many bytes were still to be written.
Error system_error(std::string code, std::string_view what, const std::string& path, int number,
                   size_t wanted = 0) {
  Error e = error(std::move(code), fmt::format("{} {}: {}", what, path, std::strerror(number)));
  if (number == ENOSPC || number == EDQUOT) {
    e.message += ": " + room_missing(path, static_cast<std::int64_t>(wanted));
    e.hint = "make room on that disk";
  }
  return e;
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Status write_all(int fd, std::string_view content, const std::string& path) {
  // A full disk writes less without an error and fails only at the next call.
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0)
      return failure(system_error("file.unwritable", "cannot write", path, n < 0 ? errno : ENOSPC,
                                  content.size()));
    content.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

}  // namespace

void Descriptor::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

namespace {

Status sync_by(int (*sync)(int), const std::string& folder) {
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || sync(fd.get()) != 0)
    return failure(system_error("file.unwritable", "cannot make durable", folder, errno));
  return {};
}

}  // namespace

Status sync_folder(const std::string& folder) {
  return sync_by(::fsync, folder);
}

Status sync_file_system(const std::string& folder) {
  return sync_by(::syncfs, folder);
}

Result<std::string> read_file(const std::string& path, size_t most, bool follow) {
  const Descriptor fd(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | (follow ? 0 : O_NOFOLLOW)));
  if (!fd) {
    if (errno == ENOENT || errno == ENOTDIR)
      return failure(error("file.not_found", fmt::format("there is no file {}", path)));
    if (errno == ELOOP)
      return failure(error("path.symlink", fmt::format("{} is a symbolic link", path)));
    return failure(system_error("file.unreadable", "cannot read", path, errno));
  }
  struct stat about {};
  if (::fstat(fd.get(), &about) != 0 || S_ISDIR(about.st_mode))
    return failure(error("file.unreadable", fmt::format("{} is not a file", path)));
  std::string out;
  if (about.st_size > 0) out.reserve(std::min(static_cast<size_t>(about.st_size), most));
  char buffer[65536];
  for (;;) {
    const ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failure(system_error("file.unreadable", "cannot read", path, errno));
    if (n == 0) return out;
    if (out.size() + static_cast<size_t>(n) > most)
      return failure(
          error("file.too_large", fmt::format("{} is larger than {} bytes", path, most)));
    out.append(buffer, static_cast<size_t>(n));
  }
}

Status replace_file(const std::string& path, std::string_view content, unsigned mode) {
  if (auto point = failpoint("file.replace.before"); !point) return point;
  const std::string folder = folder_of(path);
  const std::string temporary = fmt::format("{}/.{}.tmp", folder, to_hex(random_bytes(8)));
  {
    const Descriptor fd(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!fd) return failure(system_error("file.unwritable", "cannot write", path, errno));
    Status done = failpoint("file.replace.write", [&] {
      (void)write_all(fd.get(), content.substr(0, content.size() / 2), path);
    });
    if (done) done = write_all(fd.get(), content, path);
    if (done && (::fchmod(fd.get(), mode) != 0 || ::fsync(fd.get()) != 0))
      done = failure(system_error("file.unwritable", "cannot make durable", path, errno));
    if (!done) {
      ::unlink(temporary.c_str());
      return done;
    }
  }
  if (auto point = failpoint("file.replace.rename"); !point) {
    ::unlink(temporary.c_str());
    return point;
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int number = errno;
    ::unlink(temporary.c_str());
    return failure(system_error("file.unwritable", "cannot replace", path, number));
  }
  if (auto synced = sync_folder(folder); !synced) return synced;
  return failpoint("file.replace.after");
}

Status make_folders(const std::string& path, unsigned mode) {
  if (is_folder(path)) return {};
  std::string so_far = path.starts_with('/') ? "" : ".";
  for (const auto& part : std::filesystem::path(path).relative_path()) {
    const std::string parent = so_far.empty() ? "/" : so_far;
    so_far += "/" + part.string();
    if (::mkdir(so_far.c_str(), mode) == 0) {
      if (::chmod(so_far.c_str(), mode) != 0)
        return failure(system_error("file.unwritable", "cannot set the mode of", so_far, errno));
      // One that may be entered and not read cannot be asked to be durable.
      if (::access(parent.c_str(), R_OK) == 0)
        if (auto synced = sync_folder(parent); !synced) return synced;
    } else if (errno != EEXIST) {
      return failure(system_error("file.unwritable", "cannot make the folder", so_far, errno));
    }
  }
  if (!is_folder(path))
    return failure(error("file.unwritable", fmt::format("{} is not a folder", path)));
  return {};
}

Status remove_tree(const std::string& path) {
  std::error_code ec;
  std::filesystem::remove_all(path, ec);
  if (ec)
    return failure(
        error("file.unwritable", fmt::format("cannot remove {}: {}", path, ec.message())));
  return {};
}

Result<std::vector<std::string>> list_folder(const std::string& path) {
  std::vector<std::string> names;
  DIR* folder = ::opendir(path.c_str());
  if (!folder) {
    if (errno == ENOENT) return names;
    return failure(system_error("file.unreadable", "cannot list", path, errno));
  }
  while (const dirent* entry = ::readdir(folder)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  ::closedir(folder);
  std::sort(names.begin(), names.end());
  return names;
}

Result<Descriptor> open_beneath(const std::string& folder, const std::string& relative, int flags) {
  const Descriptor base(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!base) return failure(error("path.not_found", fmt::format("there is no folder {}", folder)));
  open_how how{};
  how.flags = static_cast<__u64>(flags) | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const long fd = ::syscall(SYS_openat2, base.get(), relative.c_str(), &how, sizeof how);
  if (fd >= 0) return Descriptor(static_cast<int>(fd));
  switch (errno) {
    case EXDEV:
      return failure(error("path.escape", fmt::format("{} leads out of {}", relative, folder)));
    case ELOOP:
      return failure(
          error("path.symlink", fmt::format("{} leads through a symbolic link", relative)));
    case ENOENT:
    case ENOTDIR:
      return failure(
          error("path.not_found", fmt::format("there is no {} in {}", relative, folder)));
    default:
      return failure(system_error("file.unreadable", "cannot open", relative, errno));
  }
}

bool exists(const std::string& path) {
  struct stat about {};
  return ::lstat(path.c_str(), &about) == 0;
}

bool is_folder(const std::string& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode);
}

std::string clean_path(std::string_view path) {
  std::string text = std::filesystem::path(path).lexically_normal().string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

bool lies_under(std::string_view path, std::string_view root) {
  const std::string p = clean_path(path);
  const std::string r = clean_path(root);
  return p == r || (r == "/" ? p.starts_with('/') : p.starts_with(r + "/"));
}

}  // namespace reconciler
