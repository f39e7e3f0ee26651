// Exit statuses, one table: DESIGN section 8.
#pragma once

#include "reconciler/base/error.hpp"

namespace reconciler::cli {

enum Exit : int {
  well = 0,
  wrong = 1,
  changes = 2,
  blocked = 3,
  usage = 64,
  locked = 75,
  interrupted = 130,
  terminated = 143,
};

/// `usage` and an environment that nobody knows by that name 64, `lock.held` 75, all else 1.
inline int exit_of(const Error& e) {
  if (e.code == "usage" || e.code == "env.unknown" || e.code == "env.ambiguous" ||
      e.code == "env.elsewhere" || e.code == "name.invalid")
    return usage;
  if (e.code == "lock.held") return locked;
  return wrong;
}

}  // namespace reconciler::cli
