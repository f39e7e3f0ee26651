// What became of the newest restore and the newest backup of an environment: data that is half of a
// backup is nothing to go on with, and of data that cannot be backed up somebody has to know.
#pragma once

#include <optional>
#include <string>

#include "reconciler/condition.hpp"
#include "reconciler/ledger/ledger.hpp"

namespace reconciler {

/// The newest restore failed half way, or was cut off there: what the data is nobody can say until
/// one succeeds, or a person says so (Ledger::settle_restore). `Stalled/RestoreFailed`.
std::optional<Condition> half_restored(const Ledger& ledger, const EnvironmentId& id);
/// Somebody holds the environment, and what was begun last is a restore that has no end yet.
/// `Reconciling/Progressing`.
std::optional<Condition> being_restored(const Ledger& ledger, const EnvironmentId& id);
/// The newest restore came to its end, and the checks after it found what runs unwell; no run since
/// has found it well. `Stalled/VerifyFailed`.
std::optional<Condition> unwell_since_restored(const Ledger& ledger, const EnvironmentId& id);
/// The newest backup that was begun came to nothing, by itself or by hand, and none has succeeded
/// since; nobody is at it. `Ready/BackupFailed`: what runs is as it should be.
std::optional<Condition> not_backed_up(const Ledger& ledger, const EnvironmentId& id);

}  // namespace reconciler
