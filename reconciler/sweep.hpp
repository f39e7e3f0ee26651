// After a deploy: trees and objects that nothing needs any more are removed, and not one more.
#pragma once

#include "reconciler/reconcile.hpp"

namespace reconciler {

/// Keeps the trees of the current and the previous version, and every object that a container or a
/// kept version mounts. What cannot be removed now is removed next time: no failure is returned.
void sweep(const Parts& parts, const EnvironmentId& id);

}  // namespace reconciler
