// From Compose's requests to the compiled model's containers, networks and volumes: equal requests
// in another order, or with other ids, give equal results (ENGINE rule 7).
#pragma once

#include <set>
#include <string>
#include <vector>

#include "plugins/docker/compose/empty_engine.hpp"
#include "plugins/docker/compose/model.hpp"

namespace reconciler::docker {

/// One container: lists sorted where their order means nothing, NetworkingConfig and connect calls
/// as endpoints, ids of `all` as `@service:NAME:NUMBER`; without the labels
/// `com.docker.compose.image` (filled in at creation), `...slug` (random) and
/// `...project.environment_file`. `resolved` gives `depends_on`. `files` are those that were seen;
/// a Compose that copies them right before the start shows none.
Container canonical_container(const RecordedContainer& recorded,
                              const std::vector<RecordedContainer>& all, const Json& resolved);

/// In an order that obeys `depends_on`, by name where it says nothing.
std::vector<Container> in_order(std::vector<Container> containers);

/// What was recorded and what the model calls external, by name.
std::vector<Network> canonical_networks(const EmptyEngine& engine, const Json& resolved);
std::vector<Volume> canonical_volumes(const EmptyEngine& engine, const Json& resolved);

/// How many containers a service of the resolved model has.
std::int64_t replicas_of(const Json& service);

/// Services that another one awaits to complete.
std::set<std::string> awaited_jobs(const Json& resolved);

}  // namespace reconciler::docker
