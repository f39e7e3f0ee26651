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

/// The plan that takes away what is left of an environment that nobody asks for any more.
Plan make_removal(const EnvironmentId& id, const Observation& left, const Memory& memory);

/// Of what was unwell before and is not touched: no reason to fail, or one all the same.
enum class UnwellBefore { excused, counts };

/// The plan of what a person has done beside what is wanted: that stays as it is, and a failure
/// goes back to nothing.
Plan make_errand(const Desired& desired, const Observation& observation, const Memory& memory,
                 std::vector<Action> actions, WallTime now,
                 UnwellBefore before = UnwellBefore::excused);

/// Takes the fallback out of a plan: what it would take is not here any more.
void without_way_back(Plan& plan, const Memory& memory, const std::string& why);

/// Leaves of a plan what stops things that are not to be there: a plan of its own.
void keep_what_stops(Plan& plan, const Observation& observation);

/// Leaves of a plan for the recorded version what puts right what differs: a plan of its own, which
/// records nothing.
void keep_what_heals(Plan& plan);

/// Does what is done in that phase change what runs? A failure has to mend it from there on.
bool touches_what_runs(Phase phase);

/// A failure, or a person, gave the environment another target, and that is not recorded yet.
bool on_the_way_back(const Memory& memory);

/// A version was begun and has changed what runs, and nothing was gone back to: it was cut off,
/// on_failure is hold, or it is irreversible. Then the recorded one is what may be gone back to.
bool something_else_runs(const Memory& memory);

/// Once-only work of that version that succeeded since the last record: nothing undoes it.
std::vector<std::string> released_since_record(const Desired& desired, const Memory& memory);

/// Why a failure of what is desired goes back to nothing; nothing where it does go back. `by_hand`:
/// what runs where that was deployed past us.
std::optional<std::string> why_no_way_back(const Desired& desired, const Memory& memory,
                                           const std::optional<std::string>& by_hand = {});

/// Which version the `once: switch` steps belong to: they run again when this changes.
std::string version_key(const Desired& desired);

}  // namespace reconciler
