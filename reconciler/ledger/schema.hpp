// The tables of the ledger and their version.
#pragma once

#include <string>

#include "reconciler/base/result.hpp"
#include "reconciler/ledger/database.hpp"

namespace reconciler {

/// What this program writes into `user_version`.
constexpr std::int64_t schema_version = 8;

/// The version of an open file; 0: nothing is in it yet.
Result<std::int64_t> read_version(Database& database);
/// Makes the tables in an empty file, with what identifies the ledger, in one transaction.
Status make_tables(Database& database, const std::string& lineage, const std::string& key_digest,
                   const std::string& loss);
/// `ledger.newer_version` for a file of a later program.
Status check_version(const Database& database, std::int64_t version);
/// Brings the file of an older program up to date, in one transaction; several may try at once.
/// Failpoint ledger.migrate.within.
Status bring_up_to_date(Database& database, std::int64_t version);

}  // namespace reconciler
