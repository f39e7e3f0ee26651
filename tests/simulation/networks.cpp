// Networks of the simulated Engine: who is on one, and when one may go.
#include "tests/simulation/engine.hpp"

namespace reconciler::simulation {
namespace {

using docker::Answer;

Answer no(int status, const std::string& why) {
  return {status, JsonObject{{"message", why}}, ""};
}

}  // namespace

Answer SimulatedEngine::remove_network(const std::string& name) {
  if (!networks.contains(name)) return no(404, "network " + name + " not found");
  for (const auto& [id, container] : containers)
    if (container.state == "running" && container.network_ids.contains(name))
      return no(403, "error while removing network: " + name + " has active endpoints");
  networks.erase(name);
  return {204, {}, ""};
}

Answer SimulatedEngine::connect(const std::string& network, const Json& body) {
  auto* container = find(text_at(body, "Container"));
  if (!container || !networks.contains(network)) return no(404, "not found");
  container->networks[network] = member_or_null(body, "EndpointConfig");
  container->network_ids[network] = text_at(networks[network], "Id");
  return {200, {}, ""};
}

}  // namespace reconciler::simulation
