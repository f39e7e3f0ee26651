// Exported trees: STATE/trees/APP/ENV/COMMIT, made once and then only read.
//
//   COMMIT/        the files, with git's own modes; links where the host file's `files` say so
//   COMMIT.index   what git says of each path (tree_index.hpp); without what `files` replaced
//   COMMIT.about   which folder of the repository this is, what was linked, the commit's subject
//
// The folder COMMIT appears last and whole: where it is, the two others are.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "reconciler/base/held.hpp"
#include "reconciler/base/helper.hpp"
#include "reconciler/model/names.hpp"

namespace reconciler {

struct TreeAsk {
  std::string state;  ///< the state folder
  EnvironmentId id;
  std::string mirror;  ///< the bare mirror that has the commit
  std::string commit;
  std::string folder;                        ///< of the repository; empty: its root
  std::map<std::string, std::string> files;  ///< place in the tree -> absolute real path
};

struct Tree {
  std::string path;
  std::string index;
  std::string commit;
  std::string subject;
  FolderHeld held{};  ///< it is there for as long as this lives
};

/// The tree where it is there already, of the same folder and with the same links. No process.
std::optional<Tree> known_tree(const TreeAsk& ask);
/// Holds the trees: known_tree, or else exported by the helper into a staging folder, held against
/// its list, taken over and renamed. `git.*` as the helper says them, `path.escape` for an entry of
/// `files` that leads out of the tree, `git.export_differs`, `file.unwritable`.
Result<Tree> export_tree(const TreeAsk& ask, Helper& helper, Duration timeout,
                         const std::stop_token& stop = {});
/// Removes the trees of an environment whose commits are not among `keep`. Nothing while anybody
/// makes or reads one: whoever tidies next finds it still.
Status remove_other_trees(const std::string& state, const EnvironmentId& id,
                          const std::set<std::string>& keep);

/// The file that says that a mirror was found damaged; the next fetch makes the mirror anew.
std::string damage_note(const std::string& mirror);

/// A fresh name under STATE/staging; the folder above it is there. What others left there for more
/// than a day is removed.
Result<std::string> staging_place(const std::string& state, const std::string& name);

}  // namespace reconciler
