// One look at an environment: what is wanted, what is there, what is remembered, and what follows.
#pragma once

#include <stop_token>

#include "reconciler/desire.hpp"
#include "reconciler/model/plan.hpp"

namespace reconciler {

/// For one look at what is there, on a host whose disk is busy.
inline constexpr Duration look_within = std::chrono::seconds(60);

/// One look: what is wanted, what is there, what is remembered, and the plan that follows.
struct Look {
  Desired desired;
  Variables variables;
  Observation observation;
  Memory memory;
  Plan plan;
};

/// Looks at what is there, and plans for that wish. `memory` is as it is now: nobody else changes
/// it meanwhile, or it was read right before.
Result<Look> look_at(const Parts& parts, const Asked& asked, Wish wish, Memory memory);

/// Looks and plans; changes nothing on the host, and in the ledger only what it learns of tags.
Result<Look> look(const Parts& parts, const Asked& asked, std::stop_token stop);

}  // namespace reconciler
