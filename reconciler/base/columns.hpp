// UTF-8 text as columns of a terminal.
#pragma once

#include <string>
#include <string_view>

namespace reconciler {

/// How many columns text takes: wide characters take two, what colours them none, and a byte that
/// is no UTF-8 one.
size_t columns_of(std::string_view text);
/// So much of text as fits in so many columns.
std::string_view cut(std::string_view text, size_t columns);
/// Text broken after `between` so that no line passes `width`, where that can be; every line but
/// the first begins with `indent` blanks, and the first is to be written there, too.
std::string wrapped(std::string_view text, size_t indent, size_t width,
                    std::string_view between = " ");
/// With blanks after it so that it takes so many columns, where it is not wider.
std::string padded(std::string text, size_t columns);
/// As ASCII shows it: marks as what comes nearest, any other character `?`.
std::string ascii(std::string_view text);

}  // namespace reconciler
