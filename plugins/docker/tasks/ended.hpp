// One-offs that have ended: what is left of them, and how it goes.
#pragma once

#include <string>

#include "plugins/docker/services/resources.hpp"
#include "reconciler/driver/driver.hpp"

namespace reconciler::docker {

/// Its anonymous volumes were made for it alone and go with it, as with `--rm`. Refused by the
/// Engine while it runs.
Status remove_one_off(Context& context, const std::string& id);

/// Adds the one-offs of this environment that ended and that nobody waits for any more: what a
/// crash, a verify that failed or a release that failed left behind.
void observe_one_offs(const Context& context, const Observed& observed, Observation& into);

/// Removes what attempts at this task left, evidence included: theirs is recorded; or the one
/// container that the work names.
Result<Outcome> prune_task(Context& context, const CompiledModel& model, const Attempt& attempt);

}  // namespace reconciler::docker
