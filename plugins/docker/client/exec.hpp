// What goes in and out of a program in a container, over a connection that the Engine has upgraded.
#pragma once

#include <string>

#include "plugins/docker/client/engine.hpp"
#include "plugins/docker/client/socket.hpp"

namespace reconciler::docker {

/// Carries both ways until the Engine closes its side. `first`: what came behind its answer.
/// Neither side waits for the other: a program may say much before it has read all.
Status carry(Connection& connection, const std::string& first, const ExecPipes& pipes,
             const Waiter& waiter);

}  // namespace reconciler::docker
