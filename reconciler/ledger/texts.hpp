// What rows hold in words of ours. A page that was damaged may be whole to SQLite and hold none of
// them; whether a row can be read is asked here by those who read it, so that the examination of a
// file finds what they would meet.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "reconciler/base/result.hpp"
#include "reconciler/model/resource.hpp"

namespace reconciler {

/// A list of things, as a column holds it.
Status read_ids(const std::string& text, std::set<ResourceId>& into);
std::string as_text(const std::set<ResourceId>& ids);

/// Names each environment whose current version is none of its versions: a record writes both, so
/// a page with one of them went.
inline constexpr const char* unlisted_versions =
    "SELECT 'environment ' || name FROM environments AS one WHERE current_tag IS NOT NULL AND "
    "current_tag IS NOT (SELECT iif(until_at IS NULL, tag, NULL) FROM versions "
    "WHERE environment = one.name ORDER BY versions.serial DESC LIMIT 1)";
/// Always a failure, which names that environment.
Status read_unlisted(const std::string& environment);

/// The n-th column of a row, none where it is null.
using RowText = std::function<std::optional<std::string>(int)>;
/// Runs a statement of SQL, and gives each of its rows.
using EachRow = std::function<Status(const char* sql, const std::function<void(const RowText&)>&)>;

/// Whether all rows can be read by those who will: `ledger.damaged`, which names the first one that
/// cannot. `ledger`: the file, for people.
Status check_texts(const std::string& ledger, const EachRow& each);

}  // namespace reconciler
