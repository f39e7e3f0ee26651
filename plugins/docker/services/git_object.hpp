// Git's own name for what lies on disk: so that a mounted file is compared by content.
#pragma once

#include <optional>
#include <string>

namespace reconciler::docker {

/// The blob id of a file, or the tree id of a folder, as git would name it (SHA-1). Nothing where
/// it cannot be read, holds anything but files, folders and symlinks, or is larger than `most`
/// bytes in `most_files` files: then the caller compares by path.
std::optional<std::string> git_object_id(const std::string& path, size_t most = 1U << 20U,
                                         size_t most_files = 256);
/// True where the file may be executed by its owner.
bool is_executable(const std::string& path);

}  // namespace reconciler::docker
