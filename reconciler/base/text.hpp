// Small things done with text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/base/result.hpp"

namespace reconciler {

/// What text ends in when there was more of it. Redaction looks for it: the beginning of a secret
/// value may stand before.
inline constexpr std::string_view cut_mark = "...";

/// The candidate that someone most likely meant, if one is near enough (edits, a swap counts one).
std::optional<std::string> nearest(std::string_view wanted,
                                   const std::vector<std::string>& candidates);
/// `a`, `a and b`, `a, b and c`.
std::string enumerate(const std::vector<std::string>& items);
std::string join(const std::vector<std::string>& items, std::string_view between);
std::vector<std::string> split(std::string_view text, char at);
std::string_view trim(std::string_view text);
/// `1 image`, `2 images`.
std::string count(size_t n, std::string_view one, std::string_view many = "");
/// Splits a command by a POSIX shell's quoting rules; nothing is expanded. `command.quoting` when a
/// quote is not closed.
Result<std::vector<std::string>> split_command(std::string_view text);
/// Makes text of others safe for a terminal, and for JSON: control characters, marks of direction
/// and bytes that are no UTF-8 become `?`; at most `most` bytes of it, cut between characters, and
/// then `cut_mark`.
std::string printable(std::string_view text, size_t most = 500);

}  // namespace reconciler
