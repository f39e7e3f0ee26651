// Text laid out for a page: rows in columns, and what does not fit wrapped under itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reconciler/base/columns.hpp"
#include "reconciler/plan/render.hpp"

namespace reconciler::cli {

/// Text broken at blanks so that no line passes the page, where that can be; every line but the
/// first begins with `indent` blanks, and the first is to be written there, too.
std::string wrapped(std::string_view text, size_t indent, const Page& page);

/// The same for what is one sentence: in a pipe it stays on its line, for what looks for it there.
std::string sentence(std::string_view text, size_t indent, const Page& page);

/// Rows of cells, each column as wide as its widest cell, `between` blanks between them. Where that
/// is too wide for the page, the last cell of a row is wrapped under itself, or stands on a line of
/// its own. No line ends in blanks.
std::string table(const std::vector<std::vector<std::string>>& rows, size_t indent,
                  const Page& page, size_t between = 2);

/// How something went, or stands: the sign of its line.
enum class Sign { well, watch, wrong, under_way };
/// `✓`, `!`, `✗`, `…`; where the locale has no UTF-8 `ok`, `!`, `FAILED`, `...`, all of one width.
std::string sign(Sign of, const Page& page);
/// What a sign takes of a line.
size_t sign_width(const Page& page);

}  // namespace reconciler::cli
