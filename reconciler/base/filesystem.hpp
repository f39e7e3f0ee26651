// Files that must survive: bounded reads, durable replacement, folders with the right mode.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/base/result.hpp"

namespace reconciler {

/// An open file descriptor (close-on-exec); closed with the object.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    reset(other.release());
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { reset(); }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

/// The whole file. `file.not_found`, `file.unreadable`, `file.too_large` (more than `most` bytes).
/// Never follows a symlink at the last part when `follow` is false (`path.symlink`).
Result<std::string> read_file(const std::string& path, size_t most = 64U << 20U,
                              bool follow = true);
/// Replaces a file as a whole, so that after any crash the old or the new one is there: temporary
/// file in the same folder, all written, fsync, rename, fsync of the folder. `file.unwritable`.
Status replace_file(const std::string& path, std::string_view content, unsigned mode = 0600);
/// Makes the folder and its parents with this mode, durably; existing ones keep theirs.
Status make_folders(const std::string& path, unsigned mode = 0700);
/// Removes a tree; never follows a symlink. A path that is not there is no error.
Status remove_tree(const std::string& path);
/// What was made, renamed or removed in the folder outlives a power cut. `file.unwritable`.
Status sync_folder(const std::string& folder);
/// All that was written on the folder's file system, and so all below it: one call instead of one
/// for each file. `file.unwritable`.
Status sync_file_system(const std::string& folder);
/// Names in a folder, sorted, without `.` and `..`; empty where it does not exist.
Result<std::vector<std::string>> list_folder(const std::string& path);
/// Opens a path that is relative to `folder` and stays beneath it, through no symlink at all
/// (openat2 RESOLVE_BENEATH|RESOLVE_NO_SYMLINKS). `path.escape`, `path.symlink`, `path.not_found`.
Result<Descriptor> open_beneath(const std::string& folder, const std::string& relative, int flags);
bool exists(const std::string& path);
bool is_folder(const std::string& path);
/// Joins and tidies `a/./b/../c`; does not touch the disk.
std::string clean_path(std::string_view path);
/// True when `path` is `root` or lies under it; both are cleaned first.
bool lies_under(std::string_view path, std::string_view root);

}  // namespace reconciler
