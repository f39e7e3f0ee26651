// A stack that others deployed becomes one that is known here, without touching what runs.
#pragma once

#include <stop_token>
#include <string>

#include "reconciler/look.hpp"

namespace reconciler {

/// Writes down what the first look found, as if it had been deployed here: the version that runs
/// with all that it takes to make it again, those before it, and their images; outputs that nobody
/// wrote so far are written. Then it looks again: the same plan, with Plan::taken_over. Any other
/// look is given back as it is, and so is one that a person has to answer first. The caller holds
/// the environment's lock.
Result<Look> take_over(const Parts& parts, const Asked& asked, Look seen, const std::string& who,
                       const std::stop_token& stop);

}  // namespace reconciler
