#include "reconciler/base/sealed.hpp"

#include <nettle/gcm.h>
#include <nettle/memops.h>

#include <cstring>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/octets.hpp"
#include "reconciler/base/secret.hpp"

namespace reconciler {
namespace {

constexpr size_t nonce_size = GCM_IV_SIZE;
constexpr size_t tag_size = GCM_DIGEST_SIZE;

/// AES-256-GCM for one value; nothing of the key is left behind.
class Cipher {
 public:
  Cipher(std::string_view key, std::string_view nonce, std::string_view purpose) {
    gcm_aes256_set_key(&context_, octets(key));
    gcm_aes256_set_iv(&context_, nonce.size(), octets(nonce));
    gcm_aes256_update(&context_, purpose.size(), octets(purpose));
  }
  ~Cipher() { ::explicit_bzero(&context_, sizeof context_); }
  Cipher(const Cipher&) = delete;
  Cipher& operator=(const Cipher&) = delete;

  std::string encrypt(std::string_view plain) {
    std::string text(plain.size(), '\0');
    gcm_aes256_encrypt(&context_, text.size(), octets(text), octets(plain));
    return text;
  }
  std::string decrypt(std::string_view text) {
    std::string plain(text.size(), '\0');
    gcm_aes256_decrypt(&context_, plain.size(), octets(plain), octets(text));
    return plain;
  }
  /// Of all that went through it; the last thing that it is asked.
  std::string tag() {
    std::string tag(tag_size, '\0');
    gcm_aes256_digest(&context_, tag.size(), octets(tag));
    return tag;
  }

 private:
  gcm_aes256_ctx context_;
};

bool is_key(const InstallationKey& key) {
  return key.bytes.size() == AES256_KEY_SIZE;
}

Error broken() {
  return error(
      "seal.broken",
      "a sealed record cannot be opened: it was changed, or sealed by another installation");
}

}  // namespace

void Secret::wipe() {
  if (!value_.empty()) ::explicit_bzero(value_.data(), value_.size());
}

Result<Sealed> seal(const InstallationKey& key, std::string_view purpose, std::string_view plain) {
  const std::string nonce = random_bytes(nonce_size);
  if (!is_key(key) || nonce.size() != nonce_size)
    return failure(error("seal.failed", "the installation key cannot seal"));
  Cipher cipher(key.bytes, nonce, purpose);
  std::string text = cipher.encrypt(plain);
  return Sealed{nonce + text + cipher.tag()};
}

Result<std::string> unseal(const InstallationKey& key, std::string_view purpose,
                           const Sealed& sealed) {
  if (sealed.box.size() < nonce_size + tag_size || !is_key(key)) return failure(broken());
  const std::string_view box = sealed.box;
  const auto text = box.substr(nonce_size, box.size() - nonce_size - tag_size);
  Cipher cipher(key.bytes, box.substr(0, nonce_size), purpose);
  std::string plain = cipher.decrypt(text);
  const std::string tag = cipher.tag();
  if (memeql_sec(tag.data(), box.substr(box.size() - tag_size).data(), tag_size) != 1)
    return failure(broken());
  return plain;
}

}  // namespace reconciler
