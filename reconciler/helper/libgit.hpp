// libgit2 at arm's length: owners for its objects, its errors as ours, one safe initialisation.
#pragma once

#include <git2.h>

#include <memory>
#include <string>
#include <string_view>

#include "reconciler/base/result.hpp"

namespace reconciler::helper {

template <auto Free>
struct FreeWith {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Repository = std::unique_ptr<git_repository, FreeWith<git_repository_free>>;
using Remote = std::unique_ptr<git_remote, FreeWith<git_remote_free>>;
using Commit = std::unique_ptr<git_commit, FreeWith<git_commit_free>>;
using Tree = std::unique_ptr<git_tree, FreeWith<git_tree_free>>;
using TreeEntry = std::unique_ptr<git_tree_entry, FreeWith<git_tree_entry_free>>;
using Blob = std::unique_ptr<git_blob, FreeWith<git_blob_free>>;
using Reference = std::unique_ptr<git_reference, FreeWith<git_reference_free>>;
using ReferenceIterator =
    std::unique_ptr<git_reference_iterator, FreeWith<git_reference_iterator_free>>;
using Odb = std::unique_ptr<git_odb, FreeWith<git_odb_free>>;

/// libgit2 from here to the end of the scope, reading nobody's configuration. One a process.
class LibGit {
 public:
  /// `home`: where libgit2 looks for `.ssh/known_hosts` when it chooses among a server's keys;
  /// empty for work that stays on this machine. `ca_file`: empty for the system's authorities.
  explicit LibGit(const std::string& home = {}, const std::string& ca_file = {});
  ~LibGit();
  LibGit(const LibGit&) = delete;
  LibGit& operator=(const LibGit&) = delete;
};

/// What libgit2 says went wrong. It leaves nothing at all after some failures (refused credentials
/// among them), so the text may be only the number.
std::string cause_of(int code);
/// `git.corrupt`, or what the disk says: for failures on our own mirror.
Error mirror_error(int code, const std::string& mirror);

/// `git.corrupt` when it cannot be opened; `git.never_fetched` when it is not there.
Result<Repository> open_mirror(const std::string& mirror);
/// Whether it lacks what its own references name. A pack that cannot be read hides its objects:
/// they look as if they had never been there.
bool is_damaged(git_repository* repository);
/// 40 hexadecimal digits; `git.ref_invalid`.
Result<git_oid> parse_commit(std::string_view hex);
/// `git.commit_not_found`.
Result<Commit> find_commit(git_repository* repository, std::string_view hex,
                           const std::string& mirror);
std::string to_text(const git_oid& oid);

}  // namespace reconciler::helper
