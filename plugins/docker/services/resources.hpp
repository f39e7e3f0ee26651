// From a look to resources: services, networks, volumes, kept containers, each with its remedies.
#pragma once

#include <string>

#include "plugins/docker/services/context.hpp"
#include "plugins/docker/services/group.hpp"
#include "plugins/docker/services/ids.hpp"
#include "plugins/docker/services/place.hpp"
#include "reconciler/model/memory.hpp"
#include "reconciler/model/names.hpp"
#include "reconciler/model/resource.hpp"

namespace reconciler::docker {

/// What one observation works on.
struct Observed {
  const EnvironmentId& id;
  const CompiledModel& model;
  const Look& look;
  const Memory& memory;
  const ChangingImages& changing;
  const std::string& tag;  ///< of the version that is wanted
  bool remove_orphans = false;
};

/// Adds services, networks, volumes and what is left over from replacements. Refuses
/// `compose.data_moved`, `volume.changed`, `network.missing`, `volume.missing`, `network.foreign`,
/// `volume.foreign`, `network.in_use`, `container.name_taken`; all at once.
Status observe_services(const Context& context, const Observed& observed, Observation& into);

/// The work that stops and starts the containers of these services as they are, with whoever has to
/// join them anew. `service.unknown`; `service.no_restart` of one that has no container, of a job,
/// and of one that would vanish.
Result<Work> restart_services(const Context& context, const Observed& observed,
                              const std::vector<std::string>& services);

std::vector<std::string> network_names(const std::vector<Endpoint>& endpoints);
/// The networks of a container in the order in which it joins them, with those that a person
/// connected the old one to.
std::vector<Endpoint> all_endpoints(const Place& place, const Look& look);

}  // namespace reconciler::docker
