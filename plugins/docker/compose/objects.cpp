#include "plugins/docker/compose/objects.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/failpoint.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/room.hpp"

namespace reconciler::docker {
namespace {

Error disk(const std::string& what) {
  const int number = errno;
  Error e =
      error("file.unwritable", fmt::format("cannot write {}: {}", what, std::strerror(number)));
  if (number == ENOSPC || number == EDQUOT)
    return std::move(e).with("disk", room_missing(what, 0)).next("make room on that disk");
  return e;
}

Status copy_file(const std::string& root, const std::string& relative, const std::string& to,
                 mode_t mode) {
  auto from = open_beneath(root, relative, O_RDONLY);
  if (!from) return failed(from);
  const Descriptor into(
      ::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!into || ::fchmod(into.get(), mode) != 0) return failure(disk(to));
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t n = ::read(from->get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0)
      return failure(error("file.unreadable",
                           fmt::format("cannot read {}: {}", relative, std::strerror(errno))));
    if (n == 0) return {};
    auto passed = failpoint("export.object.write", [&] {
      (void)!::write(into.get(), buffer.data(), static_cast<size_t>(n / 2));
    });
    if (!passed) return passed;
    for (ssize_t done = 0; done < n;) {
      const ssize_t written =
          ::write(into.get(), buffer.data() + done, static_cast<size_t>(n - done));
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return failure(disk(to));
      done += written;
    }
  }
}

Status make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) != 0 || ::chmod(path.c_str(), 0755) != 0)
    return failure(disk(path));
  return {};
}

bool is_file(const TreeEntry& entry) {
  return entry.kind == TreeEntry::Kind::file || entry.kind == TreeEntry::Kind::executable;
}

mode_t mode_for(const TreeEntry& entry) {
  return entry.kind == TreeEntry::Kind::executable ? 0755 : 0644;
}

}  // namespace

std::string Objects::path_of(const std::string& relative) const {
  const auto* entry = tree_.entry(relative);
  const bool executable = entry && entry->kind == TreeEntry::Kind::executable;
  return folder_ + "/" + tree_.oid_of(relative) + (executable ? "+x" : "");
}

Result<std::string> Objects::put(const std::string& relative) const {
  const std::string path = path_of(relative);
  if (exists(path)) return path;
  if (auto made = make_folders(folder_, 0700); !made) return failed(made);
  if (auto passed = failpoint("export.object.before"); !passed) return failed(passed);
  const std::string staging = folder_ + "/.staging-" + to_hex(random_bytes(8));
  auto copied = copy(relative, staging);
  if (copied) {
    // One flush for all of it: after a crash an object is whole or not there.
    const Descriptor folder(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || ::syncfs(folder.get()) != 0)
      copied = failure(disk(staging));
    else if (::rename(staging.c_str(), path.c_str()) != 0 && !exists(path))
      copied = failure(disk(path));
    else if (::fsync(folder.get()) != 0)
      copied = failure(disk(folder_));
  }
  (void)remove_tree(staging);
  if (!copied) return failed(copied);
  if (auto passed = failpoint("export.object.after"); !passed) return failed(passed);
  return path;
}

Status Objects::copy(const std::string& relative, const std::string& to) const {
  if (const auto* entry = tree_.entry(relative); entry && is_file(*entry))
    return copy_file(tree_.root(), relative, to, mode_for(*entry));
  if (auto made = make_folder(to); !made) return made;
  const std::string prefix = relative.empty() ? "" : relative + "/";
  for (const auto& [path, entry] : tree_.under(relative)) {  // a folder comes before what is in it
    if (auto straight = tree_.no_link_on(prefix + path, "the mounted path"); !straight)
      return straight;
    auto done = is_file(*entry)
                    ? copy_file(tree_.root(), prefix + path, to + "/" + path, mode_for(*entry))
                    : make_folder(to + "/" + path);
    if (!done) return done;
  }
  return {};
}

}  // namespace reconciler::docker
