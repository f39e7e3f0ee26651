// Whether the newest restore of an environment came to its end: data that is half of a backup is
// nothing to go on with.
#pragma once

#include <optional>
#include <string>

#include "reconciler/condition.hpp"
#include "reconciler/ledger/ledger.hpp"

namespace reconciler {

/// The newest restore failed half way, or was cut off there: what the data is nobody can say until
/// one succeeds. `Stalled/RestoreFailed`.
std::optional<Condition> half_restored(const Ledger& ledger, const EnvironmentId& id);
/// Somebody holds the environment, and what was begun last is a restore that has no end yet.
/// `Reconciling/Progressing`.
std::optional<Condition> being_restored(const Ledger& ledger, const EnvironmentId& id);

}  // namespace reconciler
