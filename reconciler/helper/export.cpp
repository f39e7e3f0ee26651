// `export`: one folder of one commit as plain files, beside a list of what git says of each.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/helper/about.hpp"
#include "reconciler/helper/paths.hpp"
#include "reconciler/helper/verbs.hpp"

namespace reconciler::helper {
namespace {

struct Limits {
  std::int64_t files = 100'000;  // entries of any kind
  std::int64_t bytes = std::int64_t{1} << 30U;
  size_t depth = 64;
  bool manifests = false;  // write only what the reconciler itself reads of a config repository
  size_t path = 4000;  // what is left of PATH_MAX for the folder it lies in is the caller's concern
};

Error disk_error(std::string_view what, const std::string& path, int number) {
  Error e =
      error("file.unwritable", fmt::format("cannot {} {}: {}", what, path, std::strerror(number)));
  if (number == ENOSPC || number == EDQUOT) e.hint = "make room on that disk";
  return e;
}

class Exporter {
 public:
  Exporter(git_repository* repository, std::string mirror, Limits limits)
      : repository_(repository), mirror_(std::move(mirror)), limits_(limits) {
    git_repository_odb(&raw_odb_, repository_);
    odb_.reset(raw_odb_);
  }

  /// Writes the tree into the open, empty folder `into`.
  Status run(const git_oid& tree, int into) {
    note(".", GIT_FILEMODE_TREE, tree);
    return folder(tree, "", into, 0);
  }
  JsonArray take_index() { return std::move(index_); }
  JsonObject result() const {
    return {{"files", files_}, {"bytes", bytes_}, {"left_out", to_json(left_out_)}};
  }

 private:
  void note(const std::string& path, git_filemode_t mode, const git_oid& oid) {
    index_.push_back(JsonObject{{"path", path},
                                {"mode", fmt::format("{:06o}", static_cast<unsigned>(mode))},
                                {"oid", to_text(oid)}});
  }

  Error too_large(std::string message) const {
    return error("git.too_large", std::move(message))
        .next("keep what a deployment does not need out of this repository or folder");
  }

  bool is_wanted(const std::string& parent, const std::string& name) const {
    if (!limits_.manifests) return true;
    if (name == "reconciler.yaml" || name == "reconciler.yml") return true;
    const bool among_environments = parent == "environments" || parent.ends_with("/environments");
    return among_environments && (name.ends_with(".yaml") || name.ends_with(".yml"));
  }

  Status folder(const git_oid& oid, const std::string& path, int into, size_t depth) {
    if (depth > limits_.depth)
      return failure(too_large(
          fmt::format("folders lie more than {} deep at {}", limits_.depth, printable(path, 200))));
    git_tree* raw = nullptr;
    if (const int code = git_tree_lookup(&raw, repository_, &oid); code < 0)
      return failure(mirror_error(code, mirror_));
    const Tree tree(raw);
    for (size_t i = 0; i < git_tree_entrycount(tree.get()); ++i)
      if (auto done = entry(git_tree_entry_byindex(tree.get(), i), path, into, depth); !done)
        return done;
    return {};
  }

  Status entry(const git_tree_entry* entry, const std::string& parent, int into, size_t depth) {
    const std::string name = git_tree_entry_name(entry);
    if (auto checked = check_part(name); !checked) return checked;
    const std::string path = parent.empty() ? name : parent + "/" + name;
    if (path.size() > limits_.path)
      return failure(too_large(
          fmt::format("a path is longer than {} bytes: {}", limits_.path, printable(path, 80))));
    if (static_cast<std::int64_t>(index_.size()) > limits_.files)
      return failure(too_large(fmt::format("the tree has more than {} files", limits_.files)));
    const git_oid& oid = *git_tree_entry_id(entry);
    const git_filemode_t mode = git_tree_entry_filemode(entry);
    note(path, mode, oid);
    if (mode == GIT_FILEMODE_TREE) {
      if (::mkdirat(into, name.c_str(), 0755) != 0)
        return failure(disk_error("make the folder", path, errno));
      const Descriptor inner(
          ::openat(into, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!inner || ::fchmod(inner.get(), 0755) != 0)
        return failure(disk_error("open the folder", path, errno));
      if (auto done = folder(oid, path, inner.get(), depth + 1); !done) return done;
      if (limits_.manifests)
        ::unlinkat(into, name.c_str(), AT_REMOVEDIR);  // where nothing was wanted
      return {};
    }
    if (mode == GIT_FILEMODE_BLOB || mode == GIT_FILEMODE_BLOB_EXECUTABLE) {
      if (!is_wanted(parent, name)) return {};
      return file(oid, path, name, into, mode == GIT_FILEMODE_BLOB_EXECUTABLE);
    }
    left_out_.push_back(path);  // a link leads where its author likes; a submodule is not ours
    return {};
  }

  Status file(const git_oid& oid, const std::string& path, const std::string& name, int into,
              bool executable) {
    // The size is asked for before the content is in memory.
    size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    int code = git_odb_read_header(&size, &type, odb_.get(), &oid);
    if (code < 0) return failure(mirror_error(code, mirror_));
    bytes_ += static_cast<std::int64_t>(size);
    if (bytes_ > limits_.bytes)
      return failure(
          too_large(fmt::format("the tree holds more than {} MiB; {} is where it passed "
                                "that",
                                limits_.bytes >> 20, printable(path, 200))));
    git_blob* raw = nullptr;
    code = git_blob_lookup(&raw, repository_, &oid);
    if (code < 0) return failure(mirror_error(code, mirror_));
    const Blob blob(raw);
    const mode_t mode = executable ? 0755 : 0644;
    const Descriptor fd(
        ::openat(into, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!fd || ::fchmod(fd.get(), mode) != 0) return failure(disk_error("write", path, errno));
    const auto* content = static_cast<const char*>(git_blob_rawcontent(blob.get()));
    for (std::string_view left(content, size); !left.empty();) {
      const ssize_t n = ::write(fd.get(), left.data(), left.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return failure(disk_error("write", path, n < 0 ? errno : ENOSPC));
      left.remove_prefix(static_cast<size_t>(n));
    }
    ++files_;
    return {};
  }

  git_repository* repository_;
  std::string mirror_;
  Limits limits_;
  git_odb* raw_odb_ = nullptr;
  Odb odb_;
  JsonArray index_;
  std::vector<std::string> left_out_;
  std::int64_t files_ = 0;
  std::int64_t bytes_ = 0;
};

Result<git_oid> tree_of(git_repository* repository, const std::string& commit,
                        const std::string& folder, const std::string& mirror) {
  auto found = find_commit(repository, commit, mirror);
  if (!found) return failed(found);
  if (folder.empty()) return *git_commit_tree_id(found->get());
  git_tree* raw_tree = nullptr;
  int code = git_commit_tree(&raw_tree, found->get());
  const Tree tree(raw_tree);
  if (code < 0) return failure(mirror_error(code, mirror));
  git_tree_entry* raw = nullptr;
  code = git_tree_entry_bypath(&raw, tree.get(), folder.c_str());
  const TreeEntry entry(raw);
  if (code == GIT_ENOTFOUND ||
      (code == 0 && git_tree_entry_filemode(entry.get()) != GIT_FILEMODE_TREE))
    return failure(error("path.not_found", fmt::format("there is no folder \"{}\" at commit {}",
                                                       folder, commit.substr(0, 8))));
  if (code < 0) return failure(mirror_error(code, mirror));
  return *git_tree_entry_id(entry.get());
}

Status prepare(const std::string& destination) {
  if (!destination.starts_with('/') || clean_path(destination) != destination)
    return failure(error("helper.request", "`destination` is not a clean absolute path"));
  if (::mkdir(destination.c_str(), 0755) == 0 && ::chmod(destination.c_str(), 0755) == 0) return {};
  return failure(disk_error("make the folder", destination, errno));
}

}  // namespace

Result<Json> export_tree(const Json& request) {
  const std::string mirror = text_at(request, "mirror");
  const std::string commit = text_at(request, "commit");
  const std::string folder = text_at(request, "folder");
  const std::string destination = text_at(request, "destination");
  Limits limits;
  limits.files = std::min(limits.files, number_at(request, "most_files", limits.files));
  limits.bytes = std::min(limits.bytes, number_at(request, "most_bytes", limits.bytes));
  limits.manifests = truth_at(request, "manifests");
  if (auto checked = check_folder(folder); !checked) return failed(checked);

  const LibGit git;
  auto repository = open_mirror(mirror);
  if (!repository) return failed(repository);
  auto tree = tree_of(repository->get(), commit, folder, mirror);
  if (!tree) return failed(tree);
  auto about = describe(repository->get(), commit, mirror);
  if (!about) return failed(about);
  if (auto made = prepare(destination); !made) return failed(made);
  const Descriptor into(
      ::open(destination.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!into) return failure(disk_error("open", destination, errno));
  Exporter exporter(repository->get(), mirror, limits);
  if (auto done = exporter.run(*tree, into.get()); !done) return failed(done);
  const std::string index = boost::json::serialize(exporter.take_index());
  if (auto done = replace_file(destination + ".index", index); !done) return failed(done);
  if (::syncfs(into.get()) != 0) return failure(disk_error("make durable", destination, errno));
  JsonObject out = exporter.result();
  for (const auto& pair : *about) out[pair.key()] = pair.value();
  return Json(std::move(out));
}

}  // namespace reconciler::helper
