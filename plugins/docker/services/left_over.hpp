// What a version that was never recorded left on the host: containers and networks that we made
// since the last record, and that nothing which is wanted now owns.
#pragma once

#include <vector>

#include "plugins/docker/services/resources.hpp"

namespace reconciler::docker {

/// Made for this environment by this installation.
bool is_of_environment(const Observed& observed, const Json& labels);
/// And that after the last good version was recorded.
bool is_of_no_version(const Observed& observed, const Json& labels);

/// Containers of services that the model does not have, whatever they are doing.
std::vector<const Seen*> left_over_containers(const Observed& observed);

/// Their rows, and those of networks: removed with the switch, before the next record makes them
/// older than a version. Volumes stay, always.
void observe_left_over(const Context& context, const Observed& observed, Observation& into);

}  // namespace reconciler::docker
