// What somebody deployed past us, for the verbs that answer it.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "reconciler/cli/context.hpp"

namespace reconciler::cli {

/// What there is now. Asks no repository of another machine.
struct Seen {
  Asked asked;  ///< what git asks for
  Look look;
};
Result<Seen> look_there(Context& context, const EnvironmentId& id, std::stop_token stop);

struct ByHand {
  std::string tag;
  Asked asked;  ///< what git asks for
};

/// Looks (deployed_by_hand); where it cannot be looked, nobody knows of anything.
std::optional<ByHand> deployed_by_hand(Context& context, const EnvironmentId& id,
                                       std::stop_token stop);

}  // namespace reconciler::cli
