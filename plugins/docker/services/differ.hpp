// Two compiled models beside each other: what would differ if the one took the place of the other.
#pragma once

#include "plugins/docker/compose/model.hpp"
#include "reconciler/model/resource.hpp"

namespace reconciler::docker {

/// Services, tasks, networks, volumes and what images are built from: those that only one has, and
/// the fields of those that both have. Names of the Engine that begin with the project are compared
/// without it. `b` is what comes after `a`.
Observation differ(const CompiledModel& a, const CompiledModel& b);

}  // namespace reconciler::docker
