// What the driver calls the things that it reports, and which of them a container needs.
#pragma once

#include <string>
#include <vector>

#include "plugins/docker/compose/model.hpp"
#include "reconciler/model/names.hpp"
#include "reconciler/model/resource.hpp"

namespace reconciler::docker {

ResourceId service_id(const Container& container);
ResourceId service_id(std::string_view service);
ResourceId network_id(const std::string& name);
ResourceId volume_id(const std::string& name);
ResourceId image_id(const std::string& reference);
ResourceId container_id(const std::string& name);

/// Every container of that service.
std::vector<ResourceId> service_ids(const CompiledModel& model, const std::string& service);

/// Its image, the services that it depends on and those that lend it something, its networks and
/// named volumes.
std::vector<ResourceId> needs_of(const CompiledModel& model, const Container& wanted);
/// The same, but for the services: those alone that lend it something.
std::vector<ResourceId> bare_needs_of(const CompiledModel& model, const Container& wanted);

}  // namespace reconciler::docker
