// SHA-256, plain and keyed, as lower-case hexadecimal; and the encodings beside it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace reconciler {

/// SHA-256 of the bytes; 64 hexadecimal digits.
std::string sha256(std::string_view bytes);
/// The same of bytes that come one after the other.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();
  void add(std::string_view bytes);
  /// Of all so far; then it begins anew.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};
/// HMAC-SHA-256 under `key`: says whether two secrets are equal without saying what they are.
std::string keyed_digest(std::string_view key, std::string_view bytes);
/// `n` bytes from the system's random source. Empty only if the system has none.
std::string random_bytes(size_t n);
std::string to_hex(std::string_view bytes);
/// SHA-1 as 20 raw bytes: only for what git names so.
std::string sha1(std::string_view bytes);
/// HMAC-SHA-1 as 20 raw bytes: only for what others hashed so (host names in known_hosts).
std::string sha1_mac(std::string_view key, std::string_view bytes);
/// The bytes that base64 text stands for; nothing when it is not base64 with its padding.
std::optional<std::string> from_base64(std::string_view text);
/// Base64 with padding.
std::string to_base64(std::string_view bytes);

}  // namespace reconciler
