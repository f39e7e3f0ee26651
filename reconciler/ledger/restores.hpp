// What bringing a backup back changed of what the ledger remembers; seen by its own sources alone.
#pragma once

#include <set>
#include <string>

#include "reconciler/ledger/database.hpp"
#include "reconciler/model/memory.hpp"

namespace reconciler {

/// Memory::data_of, Memory::undone and Memory::unwell_since_restored. Where nothing was ever
/// brought back, as mostly, that is one step into an index.
Status read_brought_back(Database& database, const EnvironmentId& id, Memory& into);

/// Once-a-tag work of that key has succeeded, and then data from before it was brought back, which
/// nobody has answered for since.
Result<bool> is_undone(Database& database, const EnvironmentId& id, const std::string& once_key);

}  // namespace reconciler
