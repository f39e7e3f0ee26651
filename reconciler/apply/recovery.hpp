// After a crash: what became of once-only attempts is settled by evidence before anything is
// planned.
#pragma once

#include "reconciler/apply/executor.hpp"

namespace reconciler {

/// Asks the drivers about every open once-attempt of the environment and writes what they say;
/// waits for one that still runs. Attempts that are `unknown` stay for a person to answer.
/// `variables` are those of the environment now: what a task says may hold their values.
Status settle_open_attempts(Tools tools, const EnvironmentId& id, const Variables& variables,
                            std::stop_token stop);

}  // namespace reconciler
