#include "plugins/docker/services/ids.hpp"

#include <fmt/format.h>

#include "plugins/docker/services/mounts.hpp"
#include "plugins/docker/services/names.hpp"
#include "plugins/docker/services/place.hpp"

namespace reconciler::docker {
namespace {

ResourceId resource_id(std::string_view kind, std::string name) {
  return {std::string(driver_name), std::string(kind), std::move(name)};
}

void add_ids(std::vector<ResourceId> more, std::vector<ResourceId>& ids) {
  for (auto& one : more) ids.push_back(std::move(one));
}

}  // namespace

ResourceId service_id(const Container& container) {
  return container.number == 1
             ? service_id(container.service)
             : resource_id("service", fmt::format("{}#{}", container.service, container.number));
}
ResourceId service_id(std::string_view service) {
  return resource_id("service", std::string(service));
}
ResourceId network_id(const std::string& name) {
  return resource_id("network", name);
}
ResourceId volume_id(const std::string& name) {
  return resource_id("volume", name);
}
ResourceId image_id(const std::string& reference) {
  return resource_id("image", reference);
}
ResourceId container_id(const std::string& name) {
  return resource_id("container", name);
}

std::vector<ResourceId> service_ids(const CompiledModel& model, const std::string& service) {
  std::vector<ResourceId> ids;
  for (const auto& container : model.containers)
    if (container.service == service) ids.push_back(service_id(container));
  return ids;
}

std::vector<ResourceId> bare_needs_of(const CompiledModel& model, const Container& wanted) {
  std::vector<ResourceId> needs{image_id(text_at(wanted.config, "Image"))};
  for (const auto& service : lenders(wanted)) add_ids(service_ids(model, service), needs);
  for (const auto& endpoint : wanted.endpoints) needs.push_back(network_id(endpoint.network));
  const Json& host = member_or_null(wanted.config, "HostConfig");
  for (const auto& [target, mount] : mounts_of(wanted.config, host))
    if (mount.type == "volume" && !mount.anonymous()) needs.push_back(volume_id(mount.source));
  return needs;
}

std::vector<ResourceId> needs_of(const CompiledModel& model, const Container& wanted) {
  auto needs = bare_needs_of(model, wanted);
  for (const auto& on : wanted.depends_on) add_ids(service_ids(model, on.service), needs);
  return needs;
}

}  // namespace reconciler::docker
