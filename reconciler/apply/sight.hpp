// Whether it can be told how things are, and whose doing they are.
#pragma once

#include <optional>

#include "reconciler/apply/attempt.hpp"

namespace reconciler {

/// Why nobody can tell, from a look of half a minute at most; none where somebody can. While the
/// host of one driver cannot be asked, what another says of what lies on it (`http`) is no evidence
/// against a version, and an answer from before it went away is none for it.
std::optional<Error> out_of_sight(const Run& run);

/// Why nothing that was found says anything of the version: out_of_sight(), or what runs is not as
/// the plan left it (`plan.stale`): others did something meanwhile. None where it does. How things
/// do is no matter here, nor is what the plan left alone.
std::optional<Error> says_nothing(const Run& run);

}  // namespace reconciler
