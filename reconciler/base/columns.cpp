#include "reconciler/base/columns.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace reconciler {
namespace {

struct Range {
  uint32_t first;
  uint32_t last;
};

/// What terminals give two columns: East Asian scripts, and pictures.
constexpr std::array wide{Range{0x1100, 0x115F},   Range{0x231A, 0x231B},   Range{0x23E9, 0x23EC},
                          Range{0x23F0, 0x23F0},   Range{0x23F3, 0x23F3},   Range{0x25FD, 0x25FE},
                          Range{0x2614, 0x2615},   Range{0x2648, 0x2653},   Range{0x267F, 0x267F},
                          Range{0x2693, 0x2693},   Range{0x26A1, 0x26A1},   Range{0x26AA, 0x26AB},
                          Range{0x26BD, 0x26BE},   Range{0x26C4, 0x26C5},   Range{0x26CE, 0x26CE},
                          Range{0x26D4, 0x26D4},   Range{0x26EA, 0x26EA},   Range{0x26F2, 0x26F3},
                          Range{0x26F5, 0x26F5},   Range{0x26FA, 0x26FA},   Range{0x26FD, 0x26FD},
                          Range{0x2705, 0x2705},   Range{0x270A, 0x270B},   Range{0x2728, 0x2728},
                          Range{0x274C, 0x274C},   Range{0x274E, 0x274E},   Range{0x2753, 0x2755},
                          Range{0x2757, 0x2757},   Range{0x2795, 0x2797},   Range{0x27B0, 0x27B0},
                          Range{0x27BF, 0x27BF},   Range{0x2B1B, 0x2B1C},   Range{0x2B50, 0x2B50},
                          Range{0x2B55, 0x2B55},   Range{0x2E80, 0x303E},   Range{0x3041, 0xA4CF},
                          Range{0xA960, 0xA97C},   Range{0xAC00, 0xD7A3},   Range{0xF900, 0xFAFF},
                          Range{0xFE30, 0xFE6F},   Range{0xFF00, 0xFF60},   Range{0xFFE0, 0xFFE6},
                          Range{0x1F004, 0x1F004}, Range{0x1F0CF, 0x1F0CF}, Range{0x1F18E, 0x1F18E},
                          Range{0x1F191, 0x1F19A}, Range{0x1F200, 0x1F320}, Range{0x1F32D, 0x1F64F},
                          Range{0x1F680, 0x1F6FF}, Range{0x1F7E0, 0x1F7EB}, Range{0x1F90C, 0x1F9FF},
                          Range{0x1FA70, 0x1FAFF}, Range{0x20000, 0x3FFFD}};
/// What is put over, or between, other characters.
constexpr std::array no_width{Range{0x0300, 0x036F}, Range{0x200B, 0x200F},
                              Range{0x2060, 0x2064}, Range{0xFE00, 0xFE0F},
                              Range{0xFEFF, 0xFEFF}, Range{0xE0100, 0xE01EF}};

template <size_t n>
bool is_in(const std::array<Range, n>& ranges, uint32_t code) {
  return std::ranges::any_of(
      ranges, [&](const Range& one) { return one.first <= code && code <= one.last; });
}

/// One character, or what colours those after it, or a byte that is neither.
struct Piece {
  size_t bytes = 1;
  size_t columns = 1;
  uint32_t code = 0xFFFD;
};

Piece piece_at(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  if (first == 0x1BU) {
    const size_t end = text.find('m', at);
    return {end == std::string_view::npos ? text.size() - at : end + 1 - at, 0, 0};
  }
  if (first < 0x80U) return {1, 1, first};
  const size_t bytes = first >= 0xF0U && first < 0xF5U   ? 4
                       : first >= 0xE0U && first < 0xF0U ? 3
                       : first >= 0xC2U && first < 0xE0U ? 2
                                                         : 1;
  if (bytes == 1 || at + bytes > text.size()) return {};
  uint32_t code = first & (0xFFU >> (bytes + 1));
  for (size_t i = at + 1; i < at + bytes; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return {};
    code = code << 6U | (byte(i) & 0x3FU);
  }
  const bool none = code >= 0x300U && is_in(no_width, code);
  return {bytes, none ? 0U : code >= 0x1100U && is_in(wide, code) ? 2U : 1U, code};
}

std::string_view nearest_ascii(uint32_t code) {
  switch (code) {
    case 0x2026:  // …
      return "...";
    case 0x2039:  // ‹
    case 0x00AB:  // «
      return "<";
    case 0x203A:  // ›
    case 0x00BB:  // »
      return ">";
    case 0x2018:  // ‘
    case 0x2019:  // ’
      return "'";
    case 0x201C:  // “
    case 0x201D:  // ”
    case 0x201E:  // „
      return "\"";
    case 0x2010:  // hyphens and dashes
    case 0x2011:
    case 0x2012:
    case 0x2013:
    case 0x2014:
      return "-";
    case 0x2192:  // →
      return "->";
    case 0x00A0:
      return " ";
    case 0x2713:  // ✓
    case 0x2714:
      return "ok";
    case 0x2717:  // ✗
    case 0x2718:
      return "FAILED";
    default:
      return "?";
  }
}

}  // namespace

size_t columns_of(std::string_view text) {
  size_t columns = 0;
  for (size_t at = 0; at < text.size();) {
    const Piece piece = piece_at(text, at);
    columns += piece.columns;
    at += piece.bytes;
  }
  return columns;
}

std::string_view cut(std::string_view text, size_t columns) {
  size_t used = 0;
  for (size_t at = 0; at < text.size();) {
    const Piece piece = piece_at(text, at);
    used += piece.columns;
    if (used > columns) return text.substr(0, at);
    at += piece.bytes;
  }
  return text;
}

std::string wrapped(std::string_view text, size_t indent, size_t width, std::string_view between) {
  std::string out;
  size_t at = indent;
  for (size_t from = 0; from < text.size();) {
    const size_t found = text.find(between, from);
    const size_t end = found == std::string_view::npos ? text.size() : found + between.size();
    const std::string_view piece = text.substr(from, end - from);
    const size_t blanks = piece.size() - std::min(piece.find_last_not_of(' ') + 1, piece.size());
    const size_t columns = columns_of(piece);
    if (at > indent && at + columns - blanks > width) {
      while (out.ends_with(' ')) out.pop_back();
      out += "\n" + std::string(indent, ' ');
      at = indent;
    }
    out += piece;
    at += columns;
    from = end;
  }
  return out;
}

std::string padded(std::string text, size_t columns) {
  const size_t now = columns_of(text);
  if (now < columns) text.append(columns - now, ' ');
  return text;
}

std::string ascii(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const Piece piece = piece_at(text, at);
    if (piece.code < 0x80U)
      out += text.substr(at, piece.bytes);
    else if (piece.columns > 0)
      out += nearest_ascii(piece.code);
    at += piece.bytes;
  }
  return out;
}

}  // namespace reconciler
