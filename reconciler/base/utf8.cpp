#include "reconciler/base/utf8.hpp"

namespace reconciler {
namespace {

bool follows(std::string_view bytes, size_t at, unsigned low = 0x80, unsigned high = 0xbf) {
  if (at >= bytes.size()) return false;
  const auto byte = static_cast<unsigned char>(bytes[at]);
  return byte >= low && byte <= high;
}

}  // namespace

size_t utf8_length_at(std::string_view bytes, size_t at) {
  const auto first = static_cast<unsigned char>(bytes[at]);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(bytes, at + 1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const unsigned low = first == 0xe0 ? 0xa0 : 0x80;
    const unsigned high = first == 0xed ? 0x9f : 0xbf;
    return follows(bytes, at + 1, low, high) && follows(bytes, at + 2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const unsigned low = first == 0xf0 ? 0x90 : 0x80;
    const unsigned high = first == 0xf4 ? 0x8f : 0xbf;
    const bool whole =
        follows(bytes, at + 1, low, high) && follows(bytes, at + 2) && follows(bytes, at + 3);
    return whole ? 4 : 0;
  }
  return 0;
}

bool is_utf8(std::string_view bytes) {
  for (size_t at = 0; at < bytes.size();) {
    const size_t length = utf8_length_at(bytes, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::string to_utf8(std::string_view bytes, size_t most) {
  std::string out;
  for (size_t at = 0; at < bytes.size();) {
    const size_t length = utf8_length_at(bytes, at);
    if (out.size() + (length == 0 ? 1 : length) > most) break;
    if (length == 0)
      out += '?';
    else
      out += bytes.substr(at, length);
    at += length == 0 ? 1 : length;
  }
  return out;
}

}  // namespace reconciler
