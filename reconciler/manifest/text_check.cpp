#include "reconciler/manifest/text_check.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace reconciler {
namespace {

bool follows(std::string_view text, size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
}

/// Bytes of the well-formed character at `at` (RFC 3629: no surrogates, no overlong forms); 0:
/// none.
size_t character_length(std::string_view text, size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const auto second = at + 1 < text.size() ? static_cast<unsigned char>(text[at + 1]) : 0U;
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return follows(text, at + 1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F)) return 0;
    return follows(text, at + 1) && follows(text, at + 2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if ((lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) return 0;
    return follows(text, at + 1) && follows(text, at + 2) && follows(text, at + 3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

Status check_text(const std::string& file, std::string_view text) {
  int line = 1;
  int column = 1;
  const auto refuse = [&](std::string what, std::string hint) {
    return failure(error("manifest.encoding", std::move(what))
                       .at({file, line, column, 1, ""})
                       .next(std::move(hint)));
  };
  if (text.starts_with("\xEF\xBB\xBF"))
    return refuse("the file begins with a byte order mark", "save it as UTF-8 without one");
  for (size_t i = 0; i < text.size();) {
    const size_t length = character_length(text, i);
    const auto byte = static_cast<unsigned char>(text[i]);
    if (length == 0)
      return refuse(fmt::format("the byte 0x{:02x} is not UTF-8", byte), "save the file as UTF-8");
    const bool line_end = byte == '\n' || (byte == '\r' && text.substr(i).starts_with("\r\n"));
    const bool c1 = length == 2 && byte == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if ((byte < 0x20 && byte != '\t' && !line_end) || byte == 0x7F || c1)
      return refuse(fmt::format("the control character 0x{:02x} stands in the text",
                                c1 ? static_cast<unsigned char>(text[i + 1]) : byte),
                    "take it out");
    i += length;
    if (byte == '\n') {
      ++line;
      column = 1;
    } else {
      ++column;
    }
  }
  return {};
}

int characters(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

}  // namespace reconciler
