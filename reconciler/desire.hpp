// From a commit of the config repository to what is desired: the tree, the variables, the drivers'
// word.
#pragma once

#include "reconciler/reconcile.hpp"

namespace reconciler {

/// What one environment asks for, with what its drivers made of it.
struct Wish {
  Desired desired;
  Variables variables;
  PreparedAll prepared;
  std::optional<Error> stale;  ///< why the source was not asked: what is here served
  /// It is this in the place of what the repository asks for: that was rejected, or a person wants
  /// another version, or nobody can tell whether it asks for something else by now.
  std::optional<Target> target;
  std::optional<Error> unreadable;   ///< then: why what the repository asks for now cannot be had
  std::vector<std::string> notices;  ///< for the plan's header
};

/// What is to be: what a person wants instead, the ledger's target while it holds, else what the
/// repository asks for. Places of drivers' diagnostics are turned into file, line and column of the
/// manifest.
///
/// A target that was recorded before is wanted as it was then. One that is yet to be gone to is
/// compiled anew, with today's variables; where that cannot be, or would build or pull, it is the
/// previous version as it was recorded, which the notices say; of an older one that is the error
/// (`rollback.images_gone`).
Result<Wish> desire(const Parts& parts, const Asked& asked, const Memory& memory,
                    std::stop_token stop);

/// The ledger's target, from what was kept of it: asks neither a repository nor a compiler.
Result<Wish> desire_target(const Parts& parts, const EnvironmentId& id, const Memory& memory);

}  // namespace reconciler
