// Whose the containers of a project are.
#pragma once

#include <string>
#include <vector>

#include "plugins/docker/services/look.hpp"
#include "reconciler/model/memory.hpp"
#include "reconciler/model/names.hpp"

namespace reconciler::docker {

/// `state.lineage` where a container is another installation's that was not adopted: two that
/// count what was released each on their own would release twice. `ledger.behind` where one of our
/// own is newer than anything that the ledger remembers: it was put back from a copy.
Status one_owner(const EnvironmentId& id, const Look& look,
                 const std::vector<std::string>& lineages, const Memory& memory);

}  // namespace reconciler::docker
