// What is to be: as the repository asks for it, or in the place of that.
#pragma once

#include "reconciler/compile.hpp"

namespace reconciler {

/// What is to be: what a person wants instead, the ledger's target while it holds, else what the
/// repository asks for. A target that was recorded last is wanted as it was then; for one that is
/// yet to be gone to see another.hpp. While half of a version runs, what git asks for and cannot be
/// made for good is rejected for the recorded one (`CannotPlan`), where that may be gone back to.
Result<Wish> desire(const Parts& parts, const Asked& asked, const Memory& memory,
                    std::stop_token stop);

/// The ledger's target, from what was kept of it: asks neither a repository nor a compiler. What is
/// done about it is as `spec` says.
Result<Wish> desire_target(const Parts& parts, const EnvironmentSpec& spec, const Memory& memory);

/// What git asks for cannot be planned, or not be looked at. Where half of a version runs, that is
/// a failure like any other: then it is to be the recorded one, if that may be gone back to. `why`
/// again where it passes, nothing is half, or nothing goes back. `memory` has no target.
Result<Wish> instead_of_what_cannot_be(const Parts& parts, const EnvironmentSpec& spec,
                                       const Memory& memory, const std::string& repository_asks,
                                       Error why);

}  // namespace reconciler
