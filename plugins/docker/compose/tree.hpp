// The application's tree as git lists it, with the places that the host file fills.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/base/json.hpp"
#include "reconciler/base/result.hpp"

namespace reconciler::docker {

inline constexpr size_t largest_index = size_t{256} << 20U;  ///< of a tree, in bytes

/// What git knows of one path.
struct TreeEntry {
  enum class Kind { file, executable, folder, symlink, submodule };
  Kind kind = Kind::file;
  std::string oid;
};

/// Where a path that a compose file names really lies.
struct Located {
  std::string relative;              ///< in the tree, clean; empty: the tree itself
  std::string real;                  ///< on this host
  const TreeEntry* entry = nullptr;  ///< in git; nullptr under a place of `files:`
  bool placed = false;               ///< it lies at or under a place of `files:`
};

class Tree {
 public:
  /// `index_file`: JSON, [{path, mode, oid}], paths relative to `root`, folders too.
  static Result<Tree> read(std::string root, const std::string& index_file,
                           std::map<std::string, std::string> files);
  static Result<Tree> from(std::string root, const Json& index,
                           std::map<std::string, std::string> files);

  const std::string& root() const { return root_; }
  const std::map<std::string, std::string>& files() const { return files_; }
  const TreeEntry* entry(std::string_view relative) const;
  /// All paths under a folder with what git knows of them, the folder's own prefix taken off.
  std::vector<std::pair<std::string, const TreeEntry*>> under(std::string_view folder) const;
  /// Git's id of the folder; for the whole tree, where git's is not listed, a digest of the list.
  std::string oid_of(std::string_view folder) const;
  /// The place of `files:` at or above the path, with the real path that belongs to it.
  std::optional<std::string> placed(std::string_view relative) const;

  /// A path as a compose file in the folder `base` (relative to the tree) writes it. `path.escape`
  /// outside of tree and `files:`, `path.symlink` where a symlink or submodule is on the way,
  /// `path.not_found`. `what` names it in the message.
  Result<Located> locate(std::string_view base, std::string_view path, std::string_view what) const;
  /// The tree's relative path of an absolute one; none outside of the tree.
  std::optional<std::string> relative(std::string_view absolute) const;
  /// `path.symlink` when git has a symlink or submodule at the path or above it.
  Status no_link_on(std::string_view relative, std::string_view what) const;

 private:
  std::string root_;
  std::map<std::string, TreeEntry, std::less<>> entries_;
  std::map<std::string, std::string> files_;
};

}  // namespace reconciler::docker
