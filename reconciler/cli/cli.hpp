// The command line: one file a command. Only this folder knows how arguments are written.
#pragma once

#include "reconciler/cli/context.hpp"
#include "reconciler/driver/passthrough.hpp"

namespace reconciler::cli {

/// Parses and performs; the exit status of DESIGN section 8. Results go to standard output, errors
/// to standard error.
int run(int argc, char** argv, const std::string& version, MakeDrivers make_drivers,
        Discover discover, Passing compose);

}  // namespace reconciler::cli
