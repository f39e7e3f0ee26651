#include "tests/unit/ledger/recorder.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdarg>
#include <filesystem>
#include <optional>
#include <stdexcept>

#include "reconciler/base/filesystem.hpp"

namespace reconciler::power {
namespace {

Recorder* recorder = nullptr;  // the C library's functions have no other way to know it

}  // namespace

std::string folder_of(const std::string& name) {
  const auto slash = name.rfind('/');
  return slash == std::string::npos ? "" : name.substr(0, slash);
}

void Files::apply(const Op& op, size_t much) {
  using Kind = Op::Kind;
  switch (op.kind) {
    case Kind::folder:
      folders.insert(op.name);
      break;
    case Kind::create:
      entries[op.name] = op.file;
      data.try_emplace(op.file);
      break;
    case Kind::rename:
      entries.erase(op.name);
      entries[op.to] = op.file;
      break;
    case Kind::remove:
      entries.erase(op.name);
      break;
    case Kind::write: {
      std::string& into = data[op.file];
      const auto at = static_cast<size_t>(op.at);
      if (into.size() < at + much) into.resize(at + much);
      into.replace(at, much, op.bytes, 0, much);
      break;
    }
    case Kind::cut:
      data[op.file].resize(static_cast<size_t>(op.at));
      break;
    case Kind::sync:
    case Kind::sync_folder:
    case Kind::sync_all:
    case Kind::mark:
      break;
  }
}

std::map<std::string, std::string> Files::reachable() const {
  std::map<std::string, std::string> out;
  for (const auto& [name, file] : entries) {
    bool there = true;
    for (std::string folder = folder_of(name); !folder.empty(); folder = folder_of(folder))
      there = there && folders.contains(folder);
    const auto content = data.find(file);  // a new name may be there, and nothing of what it names
    if (there) out[name] = content == data.end() ? "" : content->second;
  }
  return out;
}

Recorder::Recorder(const std::string& root) : root_(clean_path(root)) {
  for (const auto& one : std::filesystem::recursive_directory_iterator(root_)) {
    const std::string name = one.path().string().substr(root_.size() + 1);
    if (name.ends_with("-shm")) continue;
    if (one.is_directory()) {
      before_.folders.insert(name);
      continue;
    }
    before_.entries[name] = named_[name] = next_;
    before_.data[next_++] = *read_file(one.path().string());
  }
  if (recorder) throw std::logic_error("two record at once");
  recorder = this;
}

Recorder::~Recorder() {
  recorder = nullptr;
}

void Recorder::mark(size_t state, size_t in_progress) {
  Op& op = ops_.emplace_back();
  op.kind = Op::Kind::mark;
  op.state = state;
  op.in_progress = in_progress;
}

/// What is written down of each call that succeeded.
struct Calls {
  /// Under the recorded folder; shared memory is none of the disk's.
  static std::optional<std::string> name_of(const char* path) {
    if (!recorder) return std::nullopt;
    const std::string clean = clean_path(path);
    if (clean == recorder->root_) return "";
    if (!clean.starts_with(recorder->root_ + "/") || clean.ends_with("-shm")) return std::nullopt;
    return clean.substr(recorder->root_.size() + 1);
  }
  static Op& add(Op::Kind kind, std::string name, int file = 0) {
    Op& op = recorder->ops_.emplace_back();
    op.kind = kind;
    op.name = std::move(name);
    op.file = file;
    return op;
  }
  static void opened(const char* path, int flags, int fd) {
    const auto name = name_of(path);
    if (!name || fd < 0) return;
    if (is_folder(path)) {
      recorder->open_folders_[fd] = *name;
      return;
    }
    auto known = recorder->named_.find(*name);
    if (known == recorder->named_.end()) {
      known = recorder->named_.emplace(*name, recorder->next_++).first;
      add(Op::Kind::create, *name, known->second);
    } else if ((flags & O_TRUNC) != 0) {
      add(Op::Kind::cut, "", known->second);
    }
    recorder->open_[fd] = known->second;
    recorder->at_[fd] = 0;
  }
  static const int* file_of(int fd) {
    if (!recorder) return nullptr;
    const auto found = recorder->open_.find(fd);
    return found == recorder->open_.end() ? nullptr : &found->second;
  }
  static void wrote(int fd, const void* from, ssize_t n, std::optional<std::int64_t> at) {
    const int* file = file_of(fd);
    if (!file || n <= 0) return;
    Op& op = add(Op::Kind::write, "", *file);
    op.at = at.value_or(recorder->at_[fd]);
    op.bytes.assign(static_cast<const char*>(from), static_cast<size_t>(n));
    if (!at) recorder->at_[fd] += n;
  }
  static void cut(int fd, std::int64_t size) {
    if (const int* file = file_of(fd)) add(Op::Kind::cut, "", *file).at = size;
  }
  static void synced(int fd) {
    if (!recorder) return;
    if (const int* file = file_of(fd))
      for (const auto& [name, named] : recorder->named_)
        if (named == *file) add(Op::Kind::sync, name, named);
    if (const auto found = recorder->open_folders_.find(fd); found != recorder->open_folders_.end())
      add(Op::Kind::sync_folder, found->second);
  }
  static void synced_all(int) {
    if (recorder) add(Op::Kind::sync_all, "");
  }
  static void renamed(const char* from, const char* to) {
    const auto name = name_of(from);
    const auto becomes = name_of(to);
    if (!name || !becomes) return;
    const int file = recorder->named_.at(*name);
    recorder->named_.erase(*name);
    recorder->named_[*becomes] = file;
    add(Op::Kind::rename, *name, file).to = *becomes;
  }
  static void removed(const char* path) {
    const auto name = name_of(path);
    if (!name) return;
    recorder->named_.erase(*name);
    add(Op::Kind::remove, *name);
  }
  static void made(const char* path) {
    if (const auto name = name_of(path)) add(Op::Kind::folder, *name);
  }
  static void closed(int fd) {
    if (!recorder) return;
    recorder->open_.erase(fd);
    recorder->at_.erase(fd);
    recorder->open_folders_.erase(fd);
  }
};

}  // namespace reconciler::power

// The linker takes these for everybody's in this process, SQLite's too.
using reconciler::power::Calls;

extern "C" {

int open(const char* path, int flags, ...) {
  mode_t mode = 0;
  if ((flags & O_CREAT) != 0) {
    va_list rest;
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
  }
  const int fd = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
  Calls::opened(path, flags, fd);
  return fd;
}
int open64(const char* path, int flags, ...) {
  mode_t mode = 0;
  if ((flags & O_CREAT) != 0) {
    va_list rest;
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
  }
  return open(path, flags, mode);
}
ssize_t write(int fd, const void* from, size_t n) {
  const ssize_t done = ::syscall(SYS_write, fd, from, n);
  Calls::wrote(fd, from, done, std::nullopt);
  return done;
}
ssize_t pwrite64(int fd, const void* from, size_t n, off64_t at) {
  const ssize_t done = ::syscall(SYS_pwrite64, fd, from, n, at);
  Calls::wrote(fd, from, done, at);
  return done;
}
ssize_t pwrite(int fd, const void* from, size_t n, off_t at) {
  return pwrite64(fd, from, n, at);
}
int ftruncate64(int fd, off64_t size) noexcept {
  const int done = static_cast<int>(::syscall(SYS_ftruncate, fd, size));
  if (done == 0) Calls::cut(fd, size);
  return done;
}
int ftruncate(int fd, off_t size) noexcept {
  return ftruncate64(fd, size);
}
int fsync(int fd) {
  const int done = static_cast<int>(::syscall(SYS_fsync, fd));
  if (done == 0) Calls::synced(fd);
  return done;
}
int fdatasync(int fd) {
  const int done = static_cast<int>(::syscall(SYS_fdatasync, fd));
  if (done == 0) Calls::synced(fd);
  return done;
}
int syncfs(int fd) noexcept {
  const int done = static_cast<int>(::syscall(SYS_syncfs, fd));
  if (done == 0) Calls::synced_all(fd);
  return done;
}
int rename(const char* from, const char* to) noexcept {
  const int done = static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
  if (done == 0) Calls::renamed(from, to);
  return done;
}
int unlink(const char* path) noexcept {
  const int done = static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, path, 0));
  if (done == 0) Calls::removed(path);
  return done;
}
int mkdir(const char* path, mode_t mode) noexcept {
  const int done = static_cast<int>(::syscall(SYS_mkdirat, AT_FDCWD, path, mode));
  if (done == 0) Calls::made(path);
  return done;
}
int close(int fd) {
  Calls::closed(fd);
  return static_cast<int>(::syscall(SYS_close, fd));
}

}  // extern "C"
