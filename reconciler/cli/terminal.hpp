// What is known of the terminal, or pipe, that output goes to.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "reconciler/cli/context.hpp"
#include "reconciler/plan/render.hpp"

namespace reconciler::cli {

/// `--color`; `automatic` is on a terminal, unless NO_COLOR says otherwise or TERM is dumb.
enum class Colour { automatic, always, never };
Colour colour_named(const std::string& name);
/// Its width and height (100 columns where there is no terminal), UTF-8 by locale.
Page page_of(int descriptor, Colour colour);
bool stdin_is_terminal();
/// Asks on the terminal; anything but y or yes is no, and so is a stop meanwhile.
bool ask(Context& context, const std::string& question, const std::stop_token& stop);
/// Asks for a text; an empty line is `usual`. Nothing when the input ended or it was stopped:
/// nobody answered.
std::optional<std::string> ask_for(Context& context, const std::string& question,
                                   const std::string& usual, const std::stop_token& stop);

}  // namespace reconciler::cli
