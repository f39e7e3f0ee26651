// A version that somebody deployed past us: the old script, at night.
#pragma once

#include <optional>
#include <string>

#include "reconciler/model/desired.hpp"
#include "reconciler/model/memory.hpp"
#include "reconciler/model/resource.hpp"

namespace reconciler {

/// The tag that all things which show one agree on, those of two drivers at least (containers and
/// state files), where it is not the recorded one. Nothing that was cut off or failed here is taken
/// for it, nor what a person lets us undo. Where it is what git asks for, git agrees with it.
std::optional<std::string> runs_by_hand(const Observation& observation, const Memory& memory);

/// The same where nothing but the recorded version is asked for. It is a hold, never drift: a
/// change in git ends it (DESIGN 10).
std::optional<std::string> deployed_by_hand(const Desired& desired, const Observation& observation,
                                            const Memory& memory);

}  // namespace reconciler
