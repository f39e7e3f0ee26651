// What became of the newest restore and the newest backup of an environment: data that is half of a
// backup is nothing to go on with, and of data that cannot be backed up somebody has to know.
#pragma once

#include <optional>
#include <string>

#include "reconciler/condition.hpp"
#include "reconciler/ledger/ledger.hpp"

namespace reconciler {

/// The newest restore that had begun to give its file to somebody failed, or was cut off: what the
/// data is nobody can say until one succeeds, or a person says so (Ledger::settle_restore). What
/// could not even be begun since changes nothing of that. `Stalled/RestoreFailed`.
std::optional<Condition> half_restored(const Ledger& ledger, const EnvironmentId& id);
/// The newest restore came to its end; the checks after it found what runs unwell, or were not
/// asked to their end, and no run since has found it well. `Stalled/VerifyFailed`.
std::optional<Condition> unwell_since_restored(const Ledger& ledger, const EnvironmentId& id);
/// Either of them: a backup of that takes the place of no good one, and what is unwell with it says
/// nothing of the version.
bool data_in_doubt(const Ledger& ledger, const EnvironmentId& id);
/// `run`, which somebody is at, brings a backup back. `Reconciling/Progressing`.
std::optional<Condition> being_restored(const RunRow& run);
/// The newest backup that was begun came to nothing, by itself or by hand, and none has succeeded
/// since; nobody is at it. `Ready/BackupFailed`: what runs is as it should be.
std::optional<Condition> not_backed_up(const Ledger& ledger, const EnvironmentId& id);

}  // namespace reconciler
