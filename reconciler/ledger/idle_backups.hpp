// Backups before releases that did not begin; seen by the ledger's own sources alone.
#pragma once

#include "reconciler/ledger/database.hpp"
#include "reconciler/model/memory.hpp"

namespace reconciler {

/// Memory::idle_backups; Memory::recorded_attempt is there already. Reads the backups since then.
Status read_idle_backups(Database& database, const EnvironmentId& id, Memory& into);

}  // namespace reconciler
