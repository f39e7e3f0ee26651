#include "reconciler/cli/ago.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/base/duration.hpp"

namespace reconciler::cli {

std::string ago(WallTime then, WallTime now) {
  if (then > now + out_of_step) return "?";
  return for_people(std::max(Duration::zero(), std::chrono::duration_cast<Duration>(now - then)));
}

std::string as_of(WallTime fetched_at, WallTime now) {
  return fmt::format("as of the last fetch, {} ago", ago(fetched_at, now));
}

}  // namespace reconciler::cli
