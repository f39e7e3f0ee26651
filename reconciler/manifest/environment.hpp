// One environment, all inheritance done, from a checked tree to plain data.
#pragma once

#include <string>
#include <vector>

#include "reconciler/manifest/document.hpp"
#include "reconciler/model/application.hpp"

namespace reconciler {

/// Reads what check() passed, in long form and merged. Mistakes that only the whole shows are
/// added: a missing tag, the tag's form, paths, names, expressions. `folder` is the manifest's.
EnvironmentSpec read_environment(const EnvironmentId& id, const std::string& folder,
                                 const Value& merged, std::vector<Error>& mistakes);

}  // namespace reconciler
