// What a pass was to do, as people were told it.
#pragma once

#include <optional>

#include "reconciler/model/plan.hpp"

namespace reconciler::simulation {

struct Shown {
  std::optional<Plan> plan;  ///< none: it agreed to none
  std::optional<Plan> back;  ///< what it went back by
};

}  // namespace reconciler::simulation
