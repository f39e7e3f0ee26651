// The man pages, made of the definitions that `--help` is made of.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>

#include "reconciler/cli/commands.hpp"

namespace reconciler::cli {

/// `reconciler.1` and one `reconciler-VERB.1` for each verb: file names to pages in man(7).
std::map<std::string, std::string> manual(const CLI::App& app, const std::string& version);

/// `manual FOLDER`, which `--help` does not show: the build writes the pages with it.
void add_manual(CLI::App& app, const std::string& version, Verb& chosen, const Context& context);

}  // namespace reconciler::cli
