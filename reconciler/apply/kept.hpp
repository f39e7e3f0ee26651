// A version as it was recorded: all that was wanted of it, sealed, so that the way back needs no
// repository, no variables and no compiler.
#pragma once

#include "reconciler/base/sealed.hpp"
#include "reconciler/driver/registry.hpp"
#include "reconciler/ledger/ledger.hpp"
#include "reconciler/model/desired.hpp"
#include "reconciler/model/redaction.hpp"
#include "reconciler/model/variables.hpp"

namespace reconciler {

/// What a way back works from. Once-a-tag work is no part of it, nor is what is done about a
/// failure or drift, what waits and how much is kept: that is for today's manifest to say
/// (compile.hpp).
struct Kept {
  Desired desired;
  Variables variables;  ///< as they were then
};

/// The core's own among the sealed records of a version.
ResourceId kept_id(const EnvironmentId& id);

/// It opens for this environment and tag of this installation alone. `seal.failed`.
Result<SealedRecord> seal_version(const InstallationKey& key, const std::string& lineage,
                                  const Desired& desired, const Variables& variables);

/// Which recorded version is to be wanted again.
struct Again {
  EnvironmentId id;
  std::string tag;
  Ledger::Slot slot = Ledger::Slot::current;
  bool complete = false;  ///< Recorded::complete
};

/// What was kept of that version, as it was written down: nobody looked whether it is all here.
/// `rollback.not_kept` where nothing was, `seal.broken`.
Result<Kept> kept_version(const Ledger& ledger, const Again& again);

/// Hides the values of `variables`, and those of the current and the previous version: what runs
/// was made with them, and tells them when it is asked, also once they were rotated.
Redaction redaction_for(const Ledger& ledger, const EnvironmentId& id, const Memory& memory,
                        const Variables& variables);

/// That version, its drivers having taken their records. `rollback.not_kept` where none were
/// taken, `seal.broken`, and what drivers say.
Result<Kept> restore_version(const Ledger& ledger, const Drivers& drivers, const Again& again,
                             Deadline deadline);

}  // namespace reconciler
