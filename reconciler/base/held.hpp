// Whoever makes or reads what others share in a folder (exported trees, objects) holds that folder,
// together with others who do; whoever tidies there needs it alone. The kernel frees what a process
// held that died.
#pragma once

#include <memory>
#include <string>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/result.hpp"

namespace reconciler {

/// For as long as it lives nothing of that folder is tidied away. Null where no lock can be made
/// beside it: then nobody can tidy there either.
using FolderHeld = std::shared_ptr<const Descriptor>;

/// Waits for one who tidies, which is a matter of a moment: `folder.busy` (it passes) where it is
/// not.
Result<FolderHeld> hold_folder(const std::string& folder);
/// For one who tidies. Null where somebody holds the folder, and where that cannot be known.
FolderHeld hold_folder_alone(const std::string& folder);

}  // namespace reconciler
