// Places of the host that services use: what is mounted and not in git, what lies outside of the
// folder, and what a service asks of the host beyond the usual.
#pragma once

#include "plugins/docker/discover/checkout.hpp"
#include "reconciler/base/json.hpp"
#include "reconciler/driver/discover.hpp"

namespace reconciler::docker {

/// Fills not_in_git, binds, external and asks from the model that Compose made.
void find_places(const Json& model, const std::string& folder, const Checkout& checkout,
                 Discovered& into);

}  // namespace reconciler::docker
