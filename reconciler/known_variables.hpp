// The variables of a version that has some of them, whatever else is missing.
#pragma once

#include <stop_token>

#include "reconciler/git/source.hpp"
#include "reconciler/model/variables.hpp"
#include "reconciler/parts.hpp"

namespace reconciler {

/// All that have a value. Errors of a manifest that cannot be read as it is meant, and a provider
/// that does not answer (`variables.provider`).
Result<Variables> known_variables(const Parts& parts, const Asked& asked, const SourceTree& tree,
                                  const std::stop_token& stop);

}  // namespace reconciler
