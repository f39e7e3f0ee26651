// SHA-256, plain and keyed, as lower-case hexadecimal.
#pragma once

#include <string>
#include <string_view>

namespace reconciler {

/// SHA-256 of the bytes; 64 hexadecimal digits.
std::string sha256(std::string_view bytes);
/// HMAC-SHA-256 under `key`: says whether two secrets are equal without saying what they are.
std::string keyed_digest(std::string_view key, std::string_view bytes);
/// `n` bytes from the system's random source. Empty only if the system has none.
std::string random_bytes(size_t n);
std::string to_hex(std::string_view bytes);

}  // namespace reconciler
