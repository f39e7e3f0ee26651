// Containers of the project that are in no service's place: more of one than is asked for, and
// those that nothing in the compose files owns.
#pragma once

#include <vector>

#include "plugins/docker/services/place.hpp"
#include "plugins/docker/services/resources.hpp"

namespace reconciler::docker {

/// Surplus ones are removed. Orphans are too where the manifest says so (Observed::remove_orphans):
/// put aside as NAME.orphan and stopped at the switch, removed when that is verified; else they are
/// named. One that was put aside, and is to stay after all, is started again: it ran before.
/// A task's container, and a one-off, are nobody's orphans.
/// `places`: of all services. One that has a service's number and no place is removed where it is
/// of a version that was never recorded, else named.
void observe_orphans(const Context& context, const Observed& observed,
                     const std::vector<Place>& places, Observation& into);

/// The moves of a `stop` or `start` of an orphan under that name.
std::vector<Move> moves_of_orphan(const Seen& seen, std::string_view verb);

}  // namespace reconciler::docker
