// Which environments of all config repositories one host serves.
#pragma once

#include <vector>

#include "reconciler/manifest/manifest.hpp"
#include "reconciler/model/host.hpp"

namespace reconciler {

/// Whether that host serves it: the host file's list, else what the environment says.
bool serves(const Host& host, const EnvironmentSpec& spec);

/// Those of `repositories` that `host` serves, as one, sorted by name. What would fight over a name
/// on this host is in `broken`, whichever repository it came from.
Manifests served(std::vector<Manifests> repositories, const Host& host);

}  // namespace reconciler
