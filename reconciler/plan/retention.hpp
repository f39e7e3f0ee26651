// Which artifacts an environment counts on once it is at the version that is wanted, and which it
// lets go: tags besides current and previous, as many as `keep` says.
#pragma once

#include <map>
#include <set>
#include <string>

#include "reconciler/model/desired.hpp"
#include "reconciler/model/memory.hpp"

namespace reconciler {

struct Retention {
  std::set<std::string> tags;  ///< of versions that are let go
  /// What they became, and no version that is counted on became too.
  std::map<ResourceId, Outdated> artifacts;
};

/// Never what is wanted, current or previous by then, nor what was rejected for what is wanted.
/// Who else counts on it, and who uses it, is not asked here.
Retention retention(const Desired& desired, const Memory& memory);

}  // namespace reconciler
