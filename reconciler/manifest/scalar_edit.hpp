// One value of a file that people keep, written anew and nothing else touched.
#pragma once

#include <string>
#include <string_view>

#include "reconciler/base/result.hpp"

namespace reconciler {

/// `text` with the scalar that stands at `place` (line and column) made to say `value`, which is
/// text without quotes, spaces and line ends. Quotes stay as they are; all other bytes do:
/// comments, layout, line ends. Read again it is the same document but for that. `edit.no_scalar`
/// where no scalar begins there, `edit.unusual` where it goes over several lines, is escaped or is
/// a block; what parse_document says of the text.
Result<std::string> replace_scalar(const std::string& file, std::string_view text,
                                   const Place& place, const std::string& value);

}  // namespace reconciler
