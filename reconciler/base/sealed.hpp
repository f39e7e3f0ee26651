// Bytes that only this installation can read: AES-256-GCM under the installation key.
#pragma once

#include <string>
#include <string_view>

#include "reconciler/base/result.hpp"

namespace reconciler {

/// The installation key: 32 random bytes, made with the ledger, kept 0600 in the state folder.
struct InstallationKey {
  std::string bytes;
};

/// A sealed value; `box` is nonce, ciphertext and tag. Safe to write anywhere.
struct Sealed {
  std::string box;
};

/// Seals `plain`; `purpose` must be the same when it is opened (it is authenticated, not stored).
Result<Sealed> seal(const InstallationKey& key, std::string_view purpose, std::string_view plain);
/// `seal.broken` when the bytes were changed, the key is another one, or the purpose differs.
Result<std::string> unseal(const InstallationKey& key, std::string_view purpose,
                           const Sealed& sealed);

}  // namespace reconciler
