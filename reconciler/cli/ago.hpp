// How long ago something was, on a clock that may have been set meanwhile.
#pragma once

#include <string>

#include "reconciler/base/clock.hpp"

namespace reconciler::cli {

/// Clocks of two machines, or of one before and after it was set, differ by that much.
inline constexpr std::chrono::minutes out_of_step{1};

/// `12 min`; `?` of what is said to come yet: the clock is wrong, or was.
std::string ago(WallTime then, WallTime now);
/// `as of the last fetch, 12 min ago`: what git asks for is what it asked for then, and nobody
/// knows of more.
std::string as_of(WallTime fetched_at, WallTime now);

}  // namespace reconciler::cli
