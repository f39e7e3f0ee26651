// What is known of the terminal, or pipe, that output goes to.
#pragma once

#include <string>

#include "reconciler/plan/render.hpp"

namespace reconciler::cli {

/// Width (100 where there is no terminal), UTF-8 by locale, colour only on a terminal without
/// NO_COLOR.
Page page_of_stdout();
bool stdin_is_terminal();
/// Asks on the terminal; anything but y or yes is no.
bool ask(const std::string& question);

}  // namespace reconciler::cli
