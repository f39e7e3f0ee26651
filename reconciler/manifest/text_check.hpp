// Whether bytes are text that people can read: UTF-8 without control characters.
#pragma once

#include <string_view>

#include "reconciler/base/result.hpp"

namespace reconciler {

/// `manifest.encoding` with line and column for a byte order mark, bytes that are not UTF-8, and
/// control characters other than tab and line ends (CR only before LF).
Status check_text(const std::string& file, std::string_view text);

/// How many characters the UTF-8 text has.
int characters(std::string_view text);

}  // namespace reconciler
