// What the plan's header says of a service, besides what is done about it.
#pragma once

#include "plugins/docker/services/place.hpp"
#include "reconciler/model/resource.hpp"

namespace reconciler::docker {

/// How it stands that is left so: it has ended, is on further networks, has others beside it.
void tell_of(const Place& place, const Look& look, Observation& into);
/// What is lost when it is replaced, and no way back brings again.
void tell_losses(const Place& place, Observation& into);

}  // namespace reconciler::docker
