// objects/OID: content that containers mount, by git's own name for it. Written once, never
// changed; a container keeps the file that it started with.
#pragma once

#include <string>

#include "plugins/docker/compose/tree.hpp"
#include "reconciler/base/result.hpp"

namespace reconciler::docker {

class Objects {
 public:
  Objects(const Tree& tree, std::string folder) : tree_(tree), folder_(std::move(folder)) {}
  /// The object for a file or folder of the tree, copied there unless it is there already. Passes
  /// the failpoints `export.object.*`. `path.symlink` for a symlink or submodule inside of a
  /// folder, `file.*` for the disk.
  Result<std::string> put(const std::string& relative) const;
  /// Where it would lie.
  std::string path_of(const std::string& relative) const;

 private:
  Status copy(const std::string& relative, const std::string& to) const;
  const Tree& tree_;
  std::string folder_;
};

}  // namespace reconciler::docker
