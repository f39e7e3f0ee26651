// Networks and volumes of the simulated Engine: who is on one, and when one may go.
#include "tests/simulation/answers.hpp"
#include "tests/simulation/engine.hpp"

namespace reconciler::simulation {
using docker::Answer;

Answer SimulatedEngine::make_network(const Json& body) {
  const auto name = text_at(body, "Name");
  if (networks.contains(name)) return refused(409, "network with name " + name + " already exists");
  networks[name] = body;
  networks[name].as_object()["Id"] = fresh_id();
  return json(201, networks[name]);
}

Answer SimulatedEngine::make_volume(const Json& body) {
  const auto made = volumes.try_emplace(text_at(body, "Name"), body).first;
  return json(201, made->second);  // of one that is there that is no error
}

Answer SimulatedEngine::remove_network(const std::string& name) {
  if (!networks.contains(name)) return refused(404, "network " + name + " not found");
  for (const auto& [id, container] : containers)
    if (container.state == "running" && container.network_ids.contains(name))
      return refused(403, "error while removing network: " + name + " has active endpoints");
  networks.erase(name);
  return {204, {}, ""};
}

Answer SimulatedEngine::connect(const std::string& network, const Json& body) {
  auto* container = find(text_at(body, "Container"));
  if (!container) return refused(404, "No such container: " + text_at(body, "Container"));
  if (!networks.contains(network)) return refused(404, "network " + network + " not found");
  container->networks[network] = member_or_null(body, "EndpointConfig");
  container->network_ids[network] = text_at(networks[network], "Id");
  return {200, {}, ""};
}

}  // namespace reconciler::simulation
