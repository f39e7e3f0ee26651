// What refuses a group's moves before there is a plan: names and networks that others hold.
#pragma once

#include <vector>

#include "plugins/docker/services/resources.hpp"

namespace reconciler::docker {

/// A name that is to be given, and that another container holds: `container.name_taken` is added to
/// `refused`. Errors of its own: the Engine's.
Status check_names(const Context& context, const Observed& observed, const Group& group,
                   std::vector<Error>& refused);

/// Somebody beside the group is on a network that is to be made anew: `network.in_use`.
Status check_networks(const Context& context, const Observed& observed, const Group& group,
                      std::vector<Error>& refused);

}  // namespace reconciler::docker
