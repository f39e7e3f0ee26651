// A container's places on networks: compared, carried over, and put into create and connect calls.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plugins/docker/services/compare.hpp"

namespace reconciler::docker {

/// One that each Engine has.
bool is_predefined_network(std::string_view name);

/// Adds a `network NAME` for each network that it is on otherwise than wanted.
void compare_endpoints(const Container& wanted, const Json& inspect, const Surroundings& around,
                       std::vector<Difference>& out);

/// Networks of others that a person connected the container to: carried over to its successor.
std::vector<Endpoint> extra_endpoints(const Container& wanted, const Json& inspect,
                                      const std::map<std::string, SeenThing>& project_networks);

}  // namespace reconciler::docker
