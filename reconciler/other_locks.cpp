#include "reconciler/other_locks.hpp"

namespace reconciler {

Result<OtherLocks> lock_others(const Parts& parts, const EnvironmentId& id) {
  const auto here = parts.host.environments.find(id.text());
  if (here == parts.host.environments.end()) return OtherLocks{};
  return lock_others(here->second.also_lock, id);
}

}  // namespace reconciler
