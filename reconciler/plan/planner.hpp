// The planner: from what is wanted, what is there and what is remembered to the smallest safe list
// of actions. Pure: the same inputs give the same plan, whatever the order of facts.
#pragma once

#include "reconciler/model/desired.hpp"
#include "reconciler/model/memory.hpp"
#include "reconciler/model/plan.hpp"
#include "reconciler/model/resource.hpp"

namespace reconciler {

/// The plan. Empty when nothing is to be done; `stalled` when a person has to answer first (then it
/// has no actions). `now` is for stops that end by themselves, and never reaches the id.
Plan make_plan(const Desired& desired, const Observation& observation, const Memory& memory,
               WallTime now);

/// Takes the fallback out of a plan: what it would take is not here any more.
void without_way_back(Plan& plan, const Memory& memory, const std::string& why);

/// A failure, or a person, gave the environment another target, and that is not recorded yet.
bool on_the_way_back(const Memory& memory);

/// Which version the `once: switch` steps belong to: they run again when this changes.
std::string version_key(const Desired& desired);

}  // namespace reconciler
