// Which `pre_stop` hooks a container is due. No container tells: they are those of the version that
// was last recorded with it, from that version's sealed record. Hooks may hold secrets, so a Work
// carries them sealed.
#pragma once

#include <vector>

#include "plugins/docker/services/context.hpp"
#include "plugins/docker/services/place.hpp"
#include "plugins/docker/services/resources.hpp"
#include "reconciler/driver/driver.hpp"

namespace reconciler::docker {

/// Fills Place::pre_stop from Memory::snapshots; where a container is in none (it was taken over),
/// from the wanted model if it is as wanted. Says in a notice whose hooks are not run: of a record
/// that does not open nothing is used.
void find_pre_stop(const Context& context, const Observed& observed, std::vector<Place>& places,
                   Observation& into);
/// Writes where the hooks are to be had into `member` of a Work's input.
void put_pre_stop(const Place& place, const Memory& memory, JsonObject& member);
/// Fills Place::pre_stop again from what put_pre_stop() wrote. `seal.broken`.
Status take_pre_stop(const Context& context, const Attempt& attempt, const Json& member,
                     Place& place);

}  // namespace reconciler::docker
