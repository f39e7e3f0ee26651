// What `doctor` asks of the state folder. Nothing is made, mended or brought up to date.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/base/clock.hpp"
#include "reconciler/base/result.hpp"

namespace reconciler {

/// A ledger that is whole.
struct LedgerExam {
  std::int64_t runs = 0;
  std::int64_t environments = 0;
  std::int64_t bytes = 0;          ///< with the log beside it
  std::optional<WallTime> newest;  ///< when the newest run began
  std::optional<Error> loss;       ///< Ledger::loss()
};

/// Reads the ledger from end to end, and whether folder, ledger and key are ours alone. None: the
/// folder is not there, or holds no ledger yet. Errors as Ledger::open says, and what that would
/// mend is one: `ledger.damaged`, `ledger.lost`, `ledger.key_lost`.
Result<std::optional<LedgerExam>> examine_ledger(const std::string& state_dir);

}  // namespace reconciler
