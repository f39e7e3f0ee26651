// Which of the remedies and steps on offer are due.
#pragma once

#include <vector>

#include "reconciler/model/desired.hpp"
#include "reconciler/model/memory.hpp"
#include "reconciler/model/plan.hpp"

namespace reconciler {

/// Which version goes, which comes.
struct Versions {
  std::string from;
  std::string to;
};

/// Remedies of all resources that differ, each in its phase, with the reason. What the release
/// depends on (`before_release`, and all that this needs) is started in Phase::start: as it is, or
/// created where it is missing; a changed one waits for the switch.
std::vector<Action> select_remedies(const Desired& desired, const Observation& observation,
                                    const Versions& versions, bool release_due);

/// All that is ours and may go, whatever else is wanted.
std::vector<Action> select_removals(const Observation& left);

/// The preflight and the switch steps of a new version, a backup before once-a-tag steps that have
/// not succeeded, these, and what may run again.
std::vector<Action> select_steps(const Desired& desired, const Memory& memory, bool new_version);

/// The checks, in the manifest's order.
std::vector<Action> select_checks(const Desired& desired);

/// What a person asks for; titled after its targets where `title` is empty.
Action asked_for(Work work, const std::string& title);

/// Once-a-tag work that failed, or of which nobody knows what became: no plan before it is
/// answered.
std::optional<Stall> find_stall(const Desired& desired, const Memory& memory);

/// True when a once-a-tag step of this version has not succeeded yet.
bool release_is_due(const Desired& desired, const Memory& memory);

}  // namespace reconciler
