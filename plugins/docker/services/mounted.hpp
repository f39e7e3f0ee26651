// Mounts of two containers held against each other; what comes from the tree by its content.
#pragma once

#include <string>
#include <vector>

#include "plugins/docker/services/compare.hpp"

namespace reconciler::docker {

/// Adds a `mount TARGET` for each target that is mounted otherwise than wanted.
void compare_mounts(const Side& before, const Side& after, std::vector<Difference>& out);

/// Objects that the container mounts and whose content was changed by hand; paths.
std::vector<std::string> harmed_objects(const Container& wanted);

/// The object's name where `source` is `.../objects/OID`; empty otherwise.
std::string object_of(const std::string& source);

}  // namespace reconciler::docker
