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
  /// It is the ledger's target: what the repository asks for was rejected, or nobody can tell
  /// whether it asks for something else by now.
  bool held = false;
  std::optional<Error> unreadable;  ///< held, and what the repository asks for now cannot be had
};

/// What is to be: the ledger's target while it holds, else what the repository asks for. Places of
/// drivers' diagnostics are turned into file, line and column of the manifest.
Result<Wish> desire(const Parts& parts, const Asked& asked, const Memory& memory,
                    std::stop_token stop);

/// The ledger's target, from what was kept of it: asks neither a repository nor a compiler.
Result<Wish> desire_target(const Parts& parts, const EnvironmentId& id, const Memory& memory);

}  // namespace reconciler
