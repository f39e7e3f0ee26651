// What two environments cannot share.
#pragma once

#include "reconciler/manifest/manifest.hpp"

namespace reconciler {

/// Moves environments that would fight over a name into `broken`, all who claim it: nothing tells
/// which one is right, and the newcomer must not take over what runs. `env.duplicate_name`,
/// `env.project_collision` and `env.state_collision` on one host. read_manifests() knows a host by
/// its name in the manifest alone; who knows which environments one machine serves calls it again
/// with `one_host`, on these (and on those of all repositories).
void refuse_collisions(Manifests& manifests, bool one_host = false);

}  // namespace reconciler
