// What refuses a group's moves before there is a plan: names and networks that others hold, and
// others that run as one of its services.
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

/// A service of which nothing runs but others that have no role, and of which `moves` start one:
/// `docker.another_runs`, an error for each of those. Two at a time would write to the same data.
/// It passes once somebody stops one, and says nothing of the version. Where ours runs beside it
/// already, and gives way to what is started, nobody is added, and nothing is refused.
std::vector<Error> check_alone(const Group& group, const std::vector<Move>& moves);

}  // namespace reconciler::docker
