// Rules for the paths that a manifest or a host file may hold.
#pragma once

#include <string_view>

#include "reconciler/base/result.hpp"

namespace reconciler {

/// A path inside the tree: relative, and out of it by no `..`. `path.escape`, `path.invalid`.
Status check_tree_path(std::string_view what, std::string_view path);
/// An absolute path of this host without `..`. `path.relative`, `path.escape`, `path.invalid`.
Status check_host_path(std::string_view what, std::string_view path);

}  // namespace reconciler
