// What makes an installation one owner: the state folder, the ledger's file, its lineage and key.
#pragma once

#include <optional>
#include <string>

#include "reconciler/base/clock.hpp"
#include "reconciler/base/result.hpp"
#include "reconciler/base/sealed.hpp"
#include "reconciler/ledger/database.hpp"

namespace reconciler {

struct Identity {
  Database database;
  std::string lineage;
  InstallationKey key;
  std::optional<Error> loss;
};

/// The folder is ours alone (`state.unsafe`); made where it is missing.
Status secure_state_folder(const std::string& state_dir);
/// Opens ledger and key, or makes them together; sets a broken ledger aside (see ledger.hpp).
Result<Identity> open_identity(const std::string& state_dir, const Clock& clock,
                               const std::string& vfs);

}  // namespace reconciler
