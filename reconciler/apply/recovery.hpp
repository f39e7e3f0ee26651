// After a crash: what became of once-only attempts is settled by evidence before anything is
// planned.
#pragma once

#include "reconciler/apply/executor.hpp"
#include "reconciler/model/redaction.hpp"

namespace reconciler {

/// Asks the drivers about every open once-attempt of the environment and writes what they say;
/// waits for one that still runs. Attempts that are `unknown` stay for a person to answer.
/// `variables` are those of the environment now; `redaction` hides what tasks may say, which may
/// have been begun with others.
Status settle_open_attempts(Tools tools, const EnvironmentId& id, const Variables& variables,
                            const Redaction& redaction, std::stop_token stop);

}  // namespace reconciler
