// Drift: what differs though nothing new is asked for. It is put right, or only reported; what
// comes back once too often is left to a person.
#pragma once

#include "reconciler/model/desired.hpp"
#include "reconciler/model/memory.hpp"
#include "reconciler/model/plan.hpp"
#include "reconciler/model/resource.hpp"

namespace reconciler {

/// What is desired was recorded, with all its steps: whatever differs has been changed since.
bool nothing_new(const Desired& desired, const Memory& memory);

/// With `drift: report` what would be done about it, and the rest of what was seen: what is ours to
/// write and to clear away is no drift.
struct Split {
  std::vector<Action> reported;
  Observation rest;
};
Split split_drift(const Desired& desired, const Observation& observation);

/// Something that is to run does not, or is not there, and nobody puts it right: `drift: report`.
bool leaves_down(const Plan& plan);

/// Names in a plan that puts drift right what differs; `Stalled/Flapping`, with no actions, where
/// something of it was put right three times already.
void judge_drift(Plan& plan, const Memory& memory);

/// For a plan that waits, beside which what runs is looked after: what of that is not any more.
std::vector<std::string> left_alone(const Observation& observation, const Memory& memory);

}  // namespace reconciler
