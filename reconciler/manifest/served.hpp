// Which environments of all config repositories one host serves.
#pragma once

#include <vector>

#include "reconciler/manifest/manifest.hpp"
#include "reconciler/model/host.hpp"

namespace reconciler {

/// Those of `repositories` that `host` serves, as one, sorted by name. What would fight over a name
/// on this host is in `broken`, whichever repository it came from.
Manifests served(std::vector<Manifests> repositories, const Host& host);

}  // namespace reconciler
