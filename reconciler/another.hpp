// A version that is not the recorded one, wanted in the place of what git asks for.
#pragma once

#include "reconciler/compile.hpp"

namespace reconciler {

/// The target of `memory`, compiled anew with today's manifest and variables; where that cannot be,
/// or would build or pull, the previous version as it was recorded, which the notices say. Of an
/// older one that is the error (`rollback.images_gone`). What is done once a tag is no part of it.
/// It is verified with today's checks; those of the previous version's that it was not recorded
/// with only warn (Desired::checks_since).
Result<Wish> desire_another(const Parts& parts, const Asked& asked, const Memory& memory,
                            const std::stop_token& stop);

}  // namespace reconciler
