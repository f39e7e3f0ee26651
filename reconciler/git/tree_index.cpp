#include "reconciler/git/tree_index.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler {
namespace {

constexpr size_t most_bytes = 128U << 20U;

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

tl::unexpected<Error> differs(const std::string& path, std::string_view rule) {
  return failure(error("git.export_differs",
                       fmt::format("the export of \"{}\" {}", printable(path, 200), rule))
                     .passing());
}

class TakeOver {
 public:
  explicit TakeOver(const TreeIndex& index) : index_(index) {}
  size_t seen() const { return seen_; }

  Status folder(Descriptor fd, const std::string& path) {
    if (auto done = own(fd.get(), path); !done) return done;
    const int raw = fd.release();
    const std::unique_ptr<DIR, CloseFolder> listing(::fdopendir(raw));
    if (!listing) {
      ::close(raw);
      return differs(path, "cannot be listed");
    }
    while (const dirent* entry = ::readdir(listing.get())) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      const std::string inner = path == "." ? name : fmt::format("{}/{}", path, name);
      if (auto done = one(raw, name, inner); !done) return done;
    }
    return {};
  }

 private:
  Status one(int parent, const std::string& name, const std::string& path) {
    const TreeEntry* wanted = index_.find(path);
    if (!wanted) return differs(path, "is not in the list of what was exported");
    ++seen_;
    Descriptor fd(::openat(parent, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat about {};
    if (!fd || ::fstat(fd.get(), &about) != 0) return differs(path, "is no plain file or folder");
    const auto mode = about.st_mode & 07777U;
    if (wanted->is_folder()) {
      if (!S_ISDIR(about.st_mode) || mode != 0755)
        return differs(path, "is no folder of mode 0755");
      return folder(std::move(fd), path);
    }
    if (!wanted->is_file() || !S_ISREG(about.st_mode) || about.st_nlink != 1)
      return differs(path, "is no plain file");
    if (mode != (wanted->mode == "100755" ? 0755U : 0644U))
      return differs(path, "has another mode than in git");
    return own(fd.get(), path);
  }

  static Status own(int fd, const std::string& path) {
    struct stat about {};
    if (::fstat(fd, &about) != 0) return differs(path, "cannot be looked at");
    if (about.st_uid == ::geteuid() && about.st_gid == ::getegid()) return {};
    if (::fchown(fd, ::geteuid(), ::getegid()) != 0) return differs(path, "cannot be taken over");
    return {};
  }

  const TreeIndex& index_;
  size_t seen_ = 0;
};

}  // namespace

Result<TreeIndex> TreeIndex::read(const std::string& path) {
  auto text = read_file(path, most_bytes, false);
  if (!text) return failed(text);
  auto value = parse_json(*text);
  if (!value) return failure(error("state.corrupt", fmt::format("{} is not readable", path)));
  return from_json(*value);
}

Result<TreeIndex> TreeIndex::from_json(const Json& value) {
  const auto* list = value.if_array();
  if (!list) return failure(error("state.corrupt", "the list of an exported tree is not readable"));
  TreeIndex index;
  for (const auto& item : *list) {
    const std::string path = text_at(item, "path");
    TreeEntry entry{text_at(item, "mode"), text_at(item, "oid")};
    if (path.empty() || entry.mode.empty() || entry.oid.empty())
      return failure(error("state.corrupt", "the list of an exported tree has an empty entry"));
    index.entries_.emplace(path, std::move(entry));
  }
  return index;
}

const TreeEntry* TreeIndex::find(std::string_view path) const {
  const auto found = entries_.find(path);
  return found == entries_.end() ? nullptr : &found->second;
}

void TreeIndex::remove(const std::string& path) {
  entries_.erase(path);
  const std::string under = path + "/";
  auto it = entries_.lower_bound(under);
  while (it != entries_.end() && it->first.starts_with(under)) it = entries_.erase(it);
}

Json TreeIndex::json() const {
  JsonArray out;
  for (const auto& [path, entry] : entries_)
    out.push_back(JsonObject{{"path", path}, {"mode", entry.mode}, {"oid", entry.oid}});
  return out;
}

Status take_over(const std::string& folder, const TreeIndex& index) {
  Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return differs(folder, "is not there");
  TakeOver work(index);
  if (auto done = work.folder(std::move(fd), "."); !done) return done;
  size_t wanted = 0;
  for (const auto& [path, entry] : index.entries())
    if (path != "." && (entry.is_file() || entry.is_folder())) ++wanted;
  if (wanted != work.seen()) return differs(folder, "lacks files that the list has");
  return {};
}

}  // namespace reconciler
