// Whoever makes or reads a tree in a folder of exported trees holds that folder, together with
// others who do; whoever tidies there needs it alone. The kernel frees what a process held that
// died.
#pragma once

#include <memory>
#include <string>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/result.hpp"

namespace reconciler {

/// For as long as it lives no tree of that folder is tidied away. Null where no lock can be made
/// beside it: then nobody can tidy there either.
using TreesHeld = std::shared_ptr<const Descriptor>;

/// Waits for one who tidies, which is a matter of a moment: `trees.busy` (it passes) where it is
/// not.
Result<TreesHeld> hold_trees(const std::string& folder);
/// For one who tidies. Null where somebody makes or reads a tree there, and where that cannot be
/// known.
TreesHeld hold_trees_alone(const std::string& folder);

}  // namespace reconciler
