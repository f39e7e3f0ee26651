// Text as the bytes that a C library wants.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace reconciler {

/// Valid for as long as the text is.
inline const std::uint8_t* octets(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}
inline std::uint8_t* octets(std::string& text) {
  return reinterpret_cast<std::uint8_t*>(text.data());
}

}  // namespace reconciler
