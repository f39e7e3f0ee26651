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
/// The folder, or the file, is there, belongs to us, and is closed to others: `state.unsafe`,
/// `state.unreadable`.
Status ours_alone(const std::string& path, bool folder);
/// The installation key; `state.key_invalid`.
Result<InstallationKey> read_key(const std::string& path);
/// What the ledger keeps of its key.
std::string digest_of(const InstallationKey& key);
/// Opens ledger and key, or makes them together; sets a broken ledger aside (see ledger.hpp).
Result<Identity> open_identity(const std::string& state_dir, const Clock& clock,
                               const std::string& vfs);

}  // namespace reconciler
