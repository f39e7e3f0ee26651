// Backups in a plan: when one is due, of whose data it is, and what goes once it has served.
#pragma once

#include <string>

#include "reconciler/model/desired.hpp"
#include "reconciler/model/memory.hpp"
#include "reconciler/model/plan.hpp"
#include "reconciler/model/resource.hpp"

namespace reconciler {

/// Before its first deploy there is nothing that could be backed up, and nobody who could do it.
/// What others left, a volume alone, is something.
bool nothing_to_back_up(const Observation& observation, const Memory& memory);
/// The same, without a backup.
Desired without_backup(Desired desired);
/// The backup that a step describes, of the data of the version that was recorded last.
Action backup_action(const Step& step, const Desired& desired, const Memory& memory,
                     std::string reason);
/// The one before a release.
Action backup_before_release(const Step& step, const Desired& desired, const Memory& memory);
/// What goes once that backup has served: one of Step::then.
Action prune_of_backups(Work work, const Desired& desired, const Memory& memory);
/// What goes once the release that it was made for went well: first those that were made for
/// nothing meanwhile, but for one a day, so that they take no older one's place.
Action prune_after_release(Work work, const Desired& desired, const Memory& memory);
/// A work's input without what grows each time that a release is tried and does not begin: a plan
/// that a person saved or approved is the same one then, unless what stays is now something else.
Json lasting_input(const Work& work);
/// That backup brought back.
Action restore_action(const Step& step, const Desired& desired, const std::string& file);

}  // namespace reconciler
