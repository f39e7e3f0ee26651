// The verbs of reconciler-helper. Each takes the request as it came and gives the answer's
// `result`. What they ask for and answer stands in README.md.
#pragma once

#include "reconciler/base/json.hpp"

namespace reconciler::helper {

Result<Json> fetch(const Json& request);
Result<Json> list(const Json& request);
Result<Json> export_tree(const Json& request);
Result<Json> last_change(const Json& request);
Result<Json> commit_info(const Json& request);
Result<Json> resolve_prefix(const Json& request);
Result<Json> probe(const Json& request);

}  // namespace reconciler::helper
