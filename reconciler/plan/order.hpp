// The order of a plan: by phase, then by what needs what, then by name.
#pragma once

#include <vector>

#include "reconciler/model/plan.hpp"

namespace reconciler {

/// Sorts in place. Within a phase an action comes after those whose targets it needs; what is free
/// to stand anywhere is ordered by verb and title. Steps and checks keep the order they came in.
void order_actions(std::vector<Action>& actions);

}  // namespace reconciler
