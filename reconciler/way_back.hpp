// From what failed to the ledger's target, which is what was good.
#pragma once

#include <stop_token>
#include <string>

#include "reconciler/apply/executor.hpp"
#include "reconciler/look.hpp"

namespace reconciler {

/// The ordinary loop towards the target that a failed run wrote; what comes of it is an error in
/// any case, and says how both ended. The caller holds the environment's lock.
Error go_back(const Parts& parts, const Asked& asked, const Tools& tools, const std::string& who,
              const Applied& failed_one, std::stop_token stop);

}  // namespace reconciler
