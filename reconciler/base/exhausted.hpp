// What the system gave no more of: memory, threads, processes.
#pragma once

#include <string>

#include "reconciler/base/error.hpp"

namespace reconciler {

/// `system.exhausted`, which passes: whatever was begun is gone on with by the next run. `what`: as
/// the system said it.
Error exhausted(const std::string& what);

}  // namespace reconciler
