// What a run that died, or was stopped, left behind.
#pragma once

#include <stop_token>

#include "reconciler/apply/executor.hpp"
#include "reconciler/look.hpp"

namespace reconciler {

/// Finds out what became of once-only work that was cut off; whether there was any. It may have
/// been begun with what git asks for now, or what was current, and is told without the secrets of
/// any of these.
Result<bool> settle_cut_off(const Parts& parts, const Asked& asked, const Tools& tools,
                            const Wish& wish, const Memory& memory, std::stop_token stop);

/// A run that died after its release failed, or while it did, had a way back: the one write that it
/// did not come to. Whether there was such a run.
Result<bool> reject_cut_off(const Parts& parts, const Look& seen);

}  // namespace reconciler
