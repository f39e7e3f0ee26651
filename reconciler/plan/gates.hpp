// Gates: what must be met before a plan is performed. They stand beside the plan: its id is the
// same whether they are open or closed.
#pragma once

#include <set>
#include <string>

#include "reconciler/model/plan.hpp"

namespace reconciler {

/// Replacing a thing that is protected waits for an approval (`switch.protect`), and so does all
/// that is new (`approval: required`). Putting right what is not as it was does not, nor does the
/// way back, from a failure or asked for. The plan's id is known.
void add_gates(Plan& plan, const Desired& desired, const Observation& observation,
               const Memory& memory);

/// Opens what was approved: this plan; or, where one of the same target was approved and begun, all
/// that was to be replaced in it. Asked again when the plan's id has changed.
void judge_gates(Plan& plan, const Memory& memory);

/// What is written down for an approval of the plan: its id, and what its gates grant.
std::set<std::string> approval_of(const Plan& plan);

}  // namespace reconciler
