// A stack that others deployed (scripts, plain Compose), seen for the first time: what of it counts
// as done from here on, so that nothing that runs has to be touched.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/model/desired.hpp"
#include "reconciler/model/memory.hpp"
#include "reconciler/model/resource.hpp"

namespace reconciler {

/// What is found out of it by looking alone.
struct TakenOver {
  std::string tag;       ///< that runs: as state files or containers show it, else as git says
  bool shown = false;    ///< they do show it, and where it is git's nothing else runs
  bool whole = false;    ///< it is what git asks for, in every field
  std::string previous;  ///< the tag before it; empty where nothing shows one
  /// Tags and what each became, oldest first: those that are kept, the previous one, the one that
  /// runs.
  std::vector<std::pair<std::string, Artifacts>> versions;
  std::string words;  ///< for people: `5 containers, 4 images, current_tag`
};

/// Nothing where a version was recorded here before, or nothing runs that others made.
std::optional<TakenOver> find_taken_over(const Desired& desired, const Observation& observation,
                                         const Memory& memory);

/// Memory as it will be once that is written down.
Memory with_taken_over(Memory memory, const Desired& desired, const TakenOver& found, WallTime now);

}  // namespace reconciler
