// What is said of a command line that is not taken: what is wrong with it, and what to type.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "reconciler/base/error.hpp"

namespace reconciler::cli {

/// `usage`; `words` is the command line without the program's name, which `app` threw `thrown` at.
Error refusal(const CLI::App& app, const CLI::ParseError& thrown,
              const std::vector<std::string>& words);

}  // namespace reconciler::cli
