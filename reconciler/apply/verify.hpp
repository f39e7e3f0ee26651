// Verify: every check asked again until all are well, and then well for a while together.
#pragma once

#include <vector>

#include "reconciler/apply/attempt.hpp"

namespace reconciler {

/// `verify.failed` names the check, what it said and how often it was asked. Checks that only warn
/// are asked with the others, and told. What ends it without an answer is no failure:
/// `apply.stopped`, `apply.superseded`, and `plan.stale` after Tools::beside.
Status verify(Run& run, const std::vector<const Action*>& checks);

}  // namespace reconciler
