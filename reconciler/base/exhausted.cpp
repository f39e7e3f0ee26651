#include "reconciler/base/exhausted.hpp"

#include <fmt/format.h>

namespace reconciler {

Error exhausted(const std::string& what) {
  return error("system.exhausted", fmt::format("the system gives no more: {}", what))
      .next("see what uses it up, and what this process may have: free -m; ulimit -a")
      .passing();
}

}  // namespace reconciler
