#include "reconciler/base/digest.hpp"

#include <nettle/base64.h>
#include <nettle/hmac.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <sys/random.h>

#include <array>
#include <cstring>

#include "reconciler/base/octets.hpp"

namespace reconciler {
namespace {

// Nettle, since its functions can be called at once: a library that first looks for its algorithms
// takes longer over that than a short look takes for all else.
template <size_t size>
std::string_view text_of(const std::array<std::uint8_t, size>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), size};
}

}  // namespace

std::string to_hex(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += digits[byte >> 4U];
    out += digits[byte & 15U];
  }
  return out;
}

struct Sha256::State {
  sha256_ctx context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  sha256_init(&state_->context);
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) {
  sha256_update(&state_->context, bytes.size(), octets(bytes));
}

std::string Sha256::hex() {
  std::array<std::uint8_t, SHA256_DIGEST_SIZE> out;
  sha256_digest(&state_->context, out.size(), out.data());
  return to_hex(text_of(out));
}

std::string sha256(std::string_view bytes) {
  Sha256 digest;
  digest.add(bytes);
  return digest.hex();
}

std::string keyed_digest(std::string_view key, std::string_view bytes) {
  hmac_sha256_ctx context;
  hmac_sha256_set_key(&context, key.size(), octets(key));
  hmac_sha256_update(&context, bytes.size(), octets(bytes));
  std::array<std::uint8_t, SHA256_DIGEST_SIZE> out;
  hmac_sha256_digest(&context, out.size(), out.data());
  ::explicit_bzero(&context, sizeof context);
  return to_hex(text_of(out));
}

std::string random_bytes(size_t n) {
  std::string out(n, '\0');
  size_t have = 0;
  while (have < n) {
    const ssize_t got = ::getrandom(out.data() + have, n - have, 0);
    if (got <= 0) return {};
    have += static_cast<size_t>(got);
  }
  return out;
}

std::string sha1(std::string_view bytes) {
  sha1_ctx context;
  sha1_init(&context);
  sha1_update(&context, bytes.size(), octets(bytes));
  std::array<std::uint8_t, SHA1_DIGEST_SIZE> out;
  sha1_digest(&context, out.size(), out.data());
  return std::string(text_of(out));
}

std::string sha1_mac(std::string_view key, std::string_view bytes) {
  hmac_sha1_ctx context;
  hmac_sha1_set_key(&context, key.size(), octets(key));
  hmac_sha1_update(&context, bytes.size(), octets(bytes));
  std::array<std::uint8_t, SHA1_DIGEST_SIZE> out;
  hmac_sha1_digest(&context, out.size(), out.data());
  return std::string(text_of(out));
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  base64_decode_ctx context;
  base64_decode_init(&context);
  std::string out(BASE64_DECODE_LENGTH(text.size()), '\0');
  size_t size = 0;
  if (base64_decode_update(&context, &size, reinterpret_cast<std::uint8_t*>(out.data()),
                           text.size(), text.data()) != 1 ||
      base64_decode_final(&context) != 1)
    return std::nullopt;
  out.resize(size);
  return out;
}

std::string to_base64(std::string_view bytes) {
  std::string out(BASE64_ENCODE_RAW_LENGTH(bytes.size()), '\0');
  base64_encode_raw(out.data(), bytes.size(), octets(bytes));
  return out;
}

}  // namespace reconciler
