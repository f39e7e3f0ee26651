// Is a repository there, and at which commit? Asked of the other side; nothing is kept of it.
#pragma once

#include <stop_token>
#include <string>

#include "reconciler/base/helper.hpp"
#include "reconciler/model/host.hpp"

namespace reconciler {

/// The commit that the repository's branch has there now. Errors as Mirror::fetch().
Result<std::string> ask_commit(const Repository& repository, Helper& helper, Duration timeout,
                               std::stop_token stop = {});

}  // namespace reconciler
