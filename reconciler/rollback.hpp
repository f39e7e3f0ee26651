// What somebody may go back to: the versions that an environment had, each with what it would take.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "reconciler/reconcile.hpp"

namespace reconciler {

/// A version that was recorded here and does not run.
struct Candidate {
  std::string tag;
  WallTime from{};  ///< of the last time that it was the current one
  WallTime until{};
  /// Tags whose once-only work was tried since, oldest first: it is not undone.
  std::vector<std::string> released{};
  std::string blocked{};  ///< why it cannot be gone back to, in a few words; empty: it can
};

/// Newest first, ten at most. Each is made wanted, as going back to it would, to see whether it can
/// be; asks no repository of another machine, changes nothing.
Result<std::vector<Candidate>> candidates(const Parts& parts, const Asked& asked,
                                          std::stop_token stop);

}  // namespace reconciler
