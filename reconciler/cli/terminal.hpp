// What is known of the terminal, or pipe, that output goes to.
#pragma once

#include <optional>
#include <string>

#include "reconciler/plan/render.hpp"

namespace reconciler::cli {

/// Width (100 where there is no terminal), UTF-8 by locale, colour only on a terminal without
/// NO_COLOR.
Page page_of_stdout();
bool stdin_is_terminal();
/// Asks on the terminal; anything but y or yes is no.
bool ask(const std::string& question);
/// Asks for a text; an empty line is `usual`. Nothing when the input ended: nobody answered.
std::optional<std::string> ask_for(const std::string& question, const std::string& usual);

}  // namespace reconciler::cli
