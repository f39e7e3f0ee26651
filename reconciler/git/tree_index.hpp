// The list that lies beside an exported tree: what git says of each path in it.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "reconciler/base/json.hpp"

namespace reconciler {

struct TreeEntry {
  std::string mode;  ///< git's own: 040000, 100644, 100755, 120000 (symlink), 160000 (submodule)
  std::string oid;   ///< of the tree or blob; a submodule's commit
  bool is_folder() const { return mode == "040000"; }
  bool is_file() const { return mode == "100644" || mode == "100755"; }
};

class TreeIndex {
 public:
  /// `state.corrupt` when it is not such a list.
  static Result<TreeIndex> read(const std::string& path);
  static Result<TreeIndex> from_json(const Json& value);

  /// nullptr for a path that git does not have (or that the host file's `files` took the place of).
  /// The root is ".".
  const TreeEntry* find(std::string_view path) const;
  const std::map<std::string, TreeEntry, std::less<>>& entries() const { return entries_; }
  /// Takes out a path and all beneath it.
  void remove(const std::string& path);
  Json json() const;

 private:
  std::map<std::string, TreeEntry, std::less<>> entries_;
};

/// Holds what lies in `folder` against the list: the same paths, each a plain file with one name or
/// a folder, with git's mode; makes all of it this process's own. `git.export_differs`.
Status take_over(const std::string& folder, const TreeIndex& index);

}  // namespace reconciler
