// Networks and volumes of the model: made where they are missing. A network that differs is made
// anew, with all that are on it; a volume that differs is refused: it holds data.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "plugins/docker/services/creation.hpp"
#include "plugins/docker/services/resources.hpp"

namespace reconciler::docker {

/// Networks that are there with another definition, by name; those of others are not ours to
/// change.
std::set<std::string> changed_networks(const CompiledModel& model, const Look& look);

/// Those that are changed have no remedy yet, unless no service is on them.
void observe_networks(const Context& context, const Observed& observed, Observation& into,
                      std::vector<Error>& refused);
void observe_volumes(const Context& context, const Observed& observed, Observation& into,
                     std::vector<Error>& refused);

/// Makes the network or volume that the input names, unless it is there by now; a network with
/// `anew` is removed before. A network is labelled with who made it.
Status create_thing(Context& context, const CompiledModel& model, const Json& input,
                    const Creation& creation);

/// `network.in_use` where the Engine refuses. One that is gone is no mistake.
Status remove_network(Context& context, const std::string& name);

/// `network.in_use` where someone runs on it whose ids are not among `own`.
Status check_users(const Context& context, const std::string& network,
                   const std::set<std::string>& own);

}  // namespace reconciler::docker
