// Names inside a repository, which others wrote.
#pragma once

#include <string_view>

#include "reconciler/base/result.hpp"

namespace reconciler::helper {

/// One part of a path in a tree. `git.path_unsafe` for what must not become a name on a disk:
/// empty,
/// `.`, `..`, `.git` in any case, with a slash or a NUL, longer than 255 bytes, or not UTF-8 (an
/// index could not name it).
Status check_part(std::string_view part);
/// A folder in a repository: empty for its root, otherwise parts with slashes between.
/// `path.escape` when it is absolute or has a part that check_part refuses.
Status check_folder(std::string_view folder);

}  // namespace reconciler::helper
