// `commit-info`, `last-change` and `resolve-prefix`: questions about commits that are here already.
#include <fmt/format.h>

#include <optional>
#include <set>

#include "reconciler/base/text.hpp"
#include "reconciler/helper/about.hpp"
#include "reconciler/helper/paths.hpp"
#include "reconciler/helper/verbs.hpp"

namespace reconciler::helper {
namespace {

using FolderId = std::optional<git_oid>;  // none: the folder is not in that commit

bool same_folder(const FolderId& a, const FolderId& b) {
  return a.has_value() == b.has_value() && (!a || git_oid_equal(&*a, &*b));
}

Result<FolderId> folder_id(const git_commit* commit, const std::string& folder,
                           const std::string& mirror) {
  if (folder.empty()) return FolderId(*git_commit_tree_id(commit));
  git_tree* raw_tree = nullptr;
  int code = git_commit_tree(&raw_tree, commit);
  const Tree tree(raw_tree);
  if (code < 0) return failure(mirror_error(code, mirror));
  git_tree_entry* raw = nullptr;
  code = git_tree_entry_bypath(&raw, tree.get(), folder.c_str());
  const TreeEntry entry(raw);
  if (code == GIT_ENOTFOUND) return FolderId();
  if (code < 0) return failure(mirror_error(code, mirror));
  return FolderId(*git_tree_entry_id(entry.get()));
}

/// An answer from before: at `commit`, the folder's last change was `change`.
struct Before {
  std::string commit;
  std::string change;
};

// As `git log -1 -- FOLDER`: from a commit to the first parent that has the same folder, until
// there is none.
Result<std::string> walk(git_repository* repository, const std::string& from,
                         const std::string& folder, const Before& before,
                         const std::string& mirror) {
  auto commit = find_commit(repository, from, mirror);
  if (!commit) return failed(commit);
  auto id = folder_id(commit->get(), folder, mirror);
  if (!id) return failed(id);
  if (!*id)
    return failure(error("path.not_found", fmt::format("there is no folder \"{}\" at commit {}",
                                                       folder, from.substr(0, 8))));
  for (;;) {
    const std::string here = to_text(*git_commit_id(commit->get()));
    if (here == before.commit && !before.change.empty()) return before.change;
    Commit next;
    const unsigned int parents = git_commit_parentcount(commit->get());
    for (unsigned int i = 0; i < parents && !next; ++i) {
      git_commit* raw = nullptr;
      const int code = git_commit_parent(&raw, commit->get(), i);
      Commit parent(raw);
      if (code == GIT_ENOTFOUND) continue;  // a shallow history ends here
      if (code < 0) return failure(mirror_error(code, mirror));
      auto parents_id = folder_id(parent.get(), folder, mirror);
      if (!parents_id) return failed(parents_id);
      if (same_folder(*id, *parents_id)) next = std::move(parent);
    }
    if (!next) return here;
    *commit = std::move(next);
  }
}

struct Search {
  git_oid prefix{};
  size_t digits = 0;
  std::vector<git_oid> found{};
};

int collect(const git_oid* oid, void* payload) {
  auto& search = *static_cast<Search*>(payload);
  if (git_oid_ncmp(oid, &search.prefix, search.digits) == 0) search.found.push_back(*oid);
  return 0;
}

// libgit2's own look-up calls a prefix ambiguous when a file shares it; people mean commits.
Result<std::vector<std::string>> commits_with(git_repository* repository, std::string_view prefix,
                                              const std::string& mirror) {
  git_odb* raw = nullptr;
  int code = git_repository_odb(&raw, repository);
  const Odb odb(raw);
  Search search;
  search.digits = prefix.size();
  if (code == 0) code = git_oid_fromstrn(&search.prefix, prefix.data(), prefix.size());
  if (code == 0) code = git_odb_foreach(odb.get(), collect, &search);
  if (code < 0) return failure(mirror_error(code, mirror));
  std::set<std::string> found;  // an object may lie in two packs
  for (const auto& oid : search.found) {
    size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    if (git_odb_read_header(&size, &type, odb.get(), &oid) == 0 && type == GIT_OBJECT_COMMIT)
      found.insert(to_text(oid));
  }
  return std::vector<std::string>(found.begin(), found.end());
}

Result<size_t> count_between(git_repository* repository, const std::string& from,
                             const std::string& to, const std::string& mirror) {
  auto old_id = parse_commit(from);
  if (!old_id) return failed(old_id);
  auto new_id = parse_commit(to);
  if (!new_id) return failed(new_id);
  size_t ahead = 0;
  size_t behind = 0;
  const int code = git_graph_ahead_behind(&ahead, &behind, repository, &*new_id, &*old_id);
  if (code == GIT_ENOTFOUND) return size_t{0};
  if (code < 0) return failure(mirror_error(code, mirror));
  return ahead;
}

}  // namespace

Result<Json> commit_info(const Json& request) {
  const std::string mirror = text_at(request, "mirror");
  const std::string commit = text_at(request, "commit");
  const LibGit git;
  auto repository = open_mirror(mirror);
  if (!repository) return failed(repository);
  auto about = describe(repository->get(), commit, mirror);
  if (!about) return failed(about);
  if (const std::string since = text_at(request, "since"); !since.empty()) {
    auto commits = count_between(repository->get(), since, commit, mirror);
    if (!commits) return failed(commits);
    (*about)["commits"] = *commits;
  }
  return Json(std::move(*about));
}

Result<Json> last_change(const Json& request) {
  const std::string mirror = text_at(request, "mirror");
  const std::string commit = text_at(request, "commit");
  std::vector<std::string> folders = texts_at(request, "folders");
  if (member(request, "folder")) folders.push_back(text_at(request, "folder"));
  const Json none = JsonObject{};
  const Json* before = member(request, "before");
  if (!before) before = &none;
  const Json* changes = member(*before, "changes");
  if (!changes) changes = &none;

  const LibGit git;
  auto repository = open_mirror(mirror);
  if (!repository) return failed(repository);
  JsonObject out;
  for (const auto& folder : folders) {
    if (auto checked = check_folder(folder); !checked) return failed(checked);
    const Before known{text_at(*before, "commit"), text_at(*changes, folder)};
    auto change = walk(repository->get(), commit, folder, known, mirror);
    if (!change) return failed(change);
    auto about = describe(repository->get(), *change, mirror);
    if (!about) return failed(about);
    out[folder] = std::move(*about);
  }
  return Json(JsonObject{{"folders", std::move(out)}});
}

Result<Json> resolve_prefix(const Json& request) {
  const std::string mirror = text_at(request, "mirror");
  const std::string prefix = text_at(request, "prefix");
  if (prefix.size() < 7 || prefix.size() > GIT_OID_HEXSZ ||
      prefix.find_first_not_of("0123456789abcdef") != prefix.npos)
    return failure(
        error("git.ref_invalid", fmt::format("\"{}\" is not 7 to 40 hexadecimal digits of a commit",
                                             printable(prefix, 60))));
  const LibGit git;
  auto repository = open_mirror(mirror);
  if (!repository) return failed(repository);
  auto found = commits_with(repository->get(), prefix, mirror);
  if (!found) return failed(found);
  if (found->empty() && is_damaged(repository->get()))
    return failure(mirror_error(GIT_ENOTFOUND, mirror));
  if (found->empty())
    return failure(error("git.commit_not_found", fmt::format("no commit begins with {}", prefix)));
  if (found->size() > 1)
    return failure(error("git.commit_ambiguous",
                         fmt::format("{} commits begin with {}", found->size(), prefix))
                       .next("write more digits of it"));
  auto about = describe(repository->get(), found->front(), mirror);
  if (!about) return failed(about);
  return Json(std::move(*about));
}

}  // namespace reconciler::helper
