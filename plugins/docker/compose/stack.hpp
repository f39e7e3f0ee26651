// The compose files of a stack as they are written, before Compose reads them: where keys stand,
// and that nothing outside of the tree and the host file's `files:` would be read (ENGINE rule 1,
// DESIGN 5).
#pragma once

#include <set>
#include <string>
#include <vector>

#include "plugins/docker/compose/tree.hpp"
#include "plugins/docker/compose/yaml.hpp"
#include "reconciler/model/variables.hpp"

namespace reconciler::docker {

struct StackFile {
  std::string shown;  ///< its path in the tree
  std::string real;
  std::string folder;  ///< what its relative paths count from, in the tree
  std::string text;
  YamlPtr root;
  bool extended = false;       ///< read by `extends` alone: no part of the stack by itself
  bool own_variables = false;  ///< an include gives it an env file of its own: what `$` stands for
                               ///< in it is Compose's alone to say
};

struct Stack {
  std::vector<StackFile> files;  ///< those given, then what they include and extend
  size_t given = 0;              ///< how many of them are passed with -f
  std::string name;              ///< `name:` of the last file that has one, interpolated

  std::vector<std::string> paths() const;  ///< for -f
  /// The place of the deepest key of `path` that is written anywhere; the last file wins.
  Place place(const std::vector<std::string>& path) const;
  /// Where a variable is used: file and line, with the service it stands in.
  std::vector<std::pair<Place, std::string>> uses(std::string_view variable) const;
  std::vector<std::string> services() const;
  /// The profiles of a service as far as they are written beside it.
  std::vector<std::string> profiles(std::string_view service) const;
};

/// `files`: as the manifest writes them; none: Compose's own names. All mistakes at once, each with
/// its line: `path.*`, `compose.remote_denied`, `compose.invalid`, `compose.unsupported`.
Result<Stack> read_stack(const Tree& tree, const std::vector<std::string>& files,
                         const Variables& variables);

}  // namespace reconciler::docker
