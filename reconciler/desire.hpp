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
};

/// Places of drivers' diagnostics are turned into file, line and column of the manifest.
Result<Wish> desire(const Parts& parts, const Asked& asked, std::stop_token stop);

}  // namespace reconciler
