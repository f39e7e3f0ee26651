// Whether the daemon and the machine are those that a task was started under.
#pragma once

#include <string>

#include "plugins/docker/services/context.hpp"

namespace reconciler::docker {

/// Changes whenever the machine or the daemon starts anew: the kernel's boot id, and the id of the
/// Engine's `bridge` network, which every start of the daemon makes afresh [measured: 20.10; kill
/// -9 and an orderly restart], and the socket's inode where there is no bridge. The API itself
/// tells nothing of a restart: events are gone with it, and `/info` has no start time. Asked on a
/// new connection: an Engine that stops ends its containers first, and answers old ones to its end.
Result<std::string> incarnation(Context& context, Deadline deadline);

/// Whether it is still the one that this container of a task was made under. What an Engine says of
/// one that it has not seen through is what it had come to write down of it.
Result<bool> is_of_this_incarnation(Context& context, const Json& inspect, Deadline deadline);

}  // namespace reconciler::docker
