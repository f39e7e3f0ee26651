// Bytes of others as text that JSON can carry.
#pragma once

#include <string>
#include <string_view>

namespace reconciler {

/// How many bytes the character that begins at `at` has; 0 when none is well formed there (Unicode,
/// table 3-7).
size_t utf8_length_at(std::string_view bytes, size_t at);
/// True when all of it is well-formed UTF-8 (no overlong forms, no surrogates).
bool is_utf8(std::string_view bytes);
/// The same text, every byte that is not part of well-formed UTF-8 as `?`; at most `most` bytes,
/// never cut inside a character.
std::string to_utf8(std::string_view bytes, size_t most = std::string_view::npos);

}  // namespace reconciler
