// What bringing a backup back changed of what the ledger remembers; seen by its own sources alone.
#pragma once

#include <set>
#include <string>

#include "reconciler/ledger/database.hpp"
#include "reconciler/model/memory.hpp"

namespace reconciler {

/// Memory::data_of, half_backups, undone, answered_of_other_data and unwell_since_restored. Where
/// nothing was ever brought back, as mostly, that is one step into an index.
Status read_brought_back(Database& database, const EnvironmentId& id, Memory& into);

/// Of once-a-tag work of that key nobody knows any more by what was answered or seen, for other
/// data was brought back since: it is undone, or what a person answered was about data that is
/// gone.
Result<bool> is_asked_again(Database& database, const EnvironmentId& id,
                            const std::string& once_key);

}  // namespace reconciler
