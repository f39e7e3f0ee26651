// The body of a create call: the compiled container, bound to this host and this attempt.
#pragma once

#include <map>
#include <string>

#include "plugins/docker/services/place.hpp"
#include "reconciler/model/names.hpp"

namespace reconciler::docker {

struct Creation {
  EnvironmentId environment;
  std::string lineage;
  std::string attempt;
  std::string image_id;
  const Json* image_config = nullptr;
  std::map<std::string, std::string> volumes;     ///< anonymous ones to carry on with, by target
  std::map<std::string, std::string> containers;  ///< `@service:NAME:NUMBER` -> id
  std::map<std::string, std::string> labels;      ///< further ones
  std::vector<std::string> roots;                 ///< Grounds::roots
};

/// Labels, image ID, ids of other containers, volumes of the one before, the first network.
/// `compose.bind_link` when a bind would lead through a link that a container may have made.
/// `container.reference_unknown` when a container that it refers to is not there.
Result<Json> creation_body(const Container& wanted, const Creation& creation);

/// `config` with the anonymous volumes of `volumes` at the targets where it, or the image, asks for
/// one: data of the old container is the new one's.
void carry_volumes(JsonObject& config, const Json* image_config,
                   const std::map<std::string, std::string>& volumes);

}  // namespace reconciler::docker
