// What people are told of a commit.
#pragma once

#include <string>

#include "reconciler/base/json.hpp"
#include "reconciler/helper/libgit.hpp"

namespace reconciler::helper {

/// {commit, subject, author, time}: the first line of its message (bounded, safe for a terminal),
/// who wrote it, and when it was committed, in seconds since 1970.
Result<JsonObject> describe(git_repository* repository, const std::string& commit,
                            const std::string& mirror);

}  // namespace reconciler::helper
