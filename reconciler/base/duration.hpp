// Durations as people write them in a manifest.
#pragma once

#include <string>
#include <string_view>

#include "reconciler/base/clock.hpp"
#include "reconciler/base/result.hpp"

namespace reconciler {

/// `10s`, `2m`, `24h`, `7d`, `250ms`, or several (`1h30m`). `duration.invalid` for no unit, a sign,
/// an exponent, or more than 365 d; the hint says what to write.
Result<Duration> parse_duration(std::string_view text);

}  // namespace reconciler
