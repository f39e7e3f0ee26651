// Networks and volumes of the model: made where they are missing, refused where they differ.
#pragma once

#include <vector>

#include "plugins/docker/services/resources.hpp"

namespace reconciler::docker {

void observe_networks(const Context& context, const Observed& observed, Observation& into,
                      std::vector<Error>& refused);
void observe_volumes(const Context& context, const Observed& observed, Observation& into,
                     std::vector<Error>& refused);

/// Makes the network or volume that a `create` Work names, unless it is there by now.
Status create_thing(Context& context, const CompiledModel& model, const Json& input);

}  // namespace reconciler::docker
