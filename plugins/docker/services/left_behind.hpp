// What is on the host of an environment that nobody asks for any more, told by labels alone: no
// model and no compose file is needed to take it away.
#pragma once

#include <set>
#include <stop_token>
#include <string>

#include "plugins/docker/services/context.hpp"
#include "reconciler/driver/driver.hpp"

namespace reconciler::docker {

/// The containers that are labelled as the environment's by one of `lineages`, one-offs too, with
/// the networks of their project, each to be stopped and removed. `model`: as it was recorded last;
/// containers of its services that were taken over count, too. What stays is in the notices:
/// volumes, what others made, networks that others are on. `state.lineage`: another installation's.
Result<Observation> observe_left_behind(const Context& context, const EnvironmentId& id,
                                        const CompiledModel* model,
                                        const std::set<std::string>& lineages, Deadline deadline);

/// Is it work of such an observation?
bool is_left_behind(const Work& work);
/// `stop` and `prune`. Volumes stay, anonymous ones too.
Result<Outcome> perform_left_behind(const Context& context, const Work& work);

}  // namespace reconciler::docker
