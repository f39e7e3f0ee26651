#include "reconciler/base/sealed.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <memory>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/secret.hpp"

namespace reconciler {
namespace {

constexpr size_t nonce_size = 12;
constexpr size_t tag_size = 16;

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* c) const { EVP_CIPHER_CTX_free(c); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

Error broken() {
  return error(
      "seal.broken",
      "a sealed record cannot be opened: it was changed, or sealed by another installation");
}

}  // namespace

void Secret::wipe() {
  if (!value_.empty()) OPENSSL_cleanse(value_.data(), value_.size());
}

Result<Sealed> seal(const InstallationKey& key, std::string_view purpose, std::string_view plain) {
  const std::string nonce = random_bytes(nonce_size);
  Cipher cipher(EVP_CIPHER_CTX_new());
  std::string text(plain.size(), '\0');
  std::string tag(tag_size, '\0');
  int n = 0;
  const bool done =
      key.bytes.size() == 32 && nonce.size() == nonce_size && cipher &&
      EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes(key.bytes),
                         bytes(nonce)) == 1 &&
      EVP_EncryptUpdate(cipher.get(), nullptr, &n, bytes(purpose),
                        static_cast<int>(purpose.size())) == 1 &&
      EVP_EncryptUpdate(cipher.get(), bytes(text), &n, bytes(plain),
                        static_cast<int>(plain.size())) == 1 &&
      EVP_EncryptFinal_ex(cipher.get(), bytes(text) + n, &n) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, tag_size, tag.data()) == 1;
  if (!done) return failure(error("seal.failed", "the installation key cannot seal"));
  return Sealed{nonce + text + tag};
}

Result<std::string> unseal(const InstallationKey& key, std::string_view purpose,
                           const Sealed& sealed) {
  if (sealed.box.size() < nonce_size + tag_size || key.bytes.size() != 32) return failure(broken());
  const std::string_view box = sealed.box;
  const auto nonce = box.substr(0, nonce_size);
  const auto text = box.substr(nonce_size, box.size() - nonce_size - tag_size);
  std::string tag(box.substr(box.size() - tag_size));
  Cipher cipher(EVP_CIPHER_CTX_new());
  std::string plain(text.size(), '\0');
  int n = 0;
  const bool done =
      cipher &&
      EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes(key.bytes),
                         bytes(nonce)) == 1 &&
      EVP_DecryptUpdate(cipher.get(), nullptr, &n, bytes(purpose),
                        static_cast<int>(purpose.size())) == 1 &&
      EVP_DecryptUpdate(cipher.get(), bytes(plain), &n, bytes(text),
                        static_cast<int>(text.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, tag_size, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(cipher.get(), bytes(plain) + n, &n) == 1;
  if (!done) return failure(broken());
  return plain;
}

}  // namespace reconciler
