// Whether it can be told how things are, and whose doing they are.
#pragma once

#include <optional>

#include "reconciler/apply/attempt.hpp"

namespace reconciler {

/// Why nobody can tell, from a look of a minute at most; none where somebody can. While the
/// host of one driver cannot be asked, what another says of what lies on it (`http`) is no evidence
/// against a version, and an answer from before it went away is none for it.
std::optional<Error> out_of_sight(const Run& run);

/// Why nothing that verify found says anything of the version: out_of_sight(), or what the plan put
/// in its place is not as it was put there (`plan.stale`): others did something meanwhile. None
/// where it does. How things do is no matter here.
std::optional<Error> others_put_otherwise(const Run& run);

/// The same of work that failed before all was done: what the plan counts on, and leaves as it is,
/// is not there any more.
std::optional<Error> others_took_away(const Run& run);

}  // namespace reconciler
