// The host file: what the owner of the machine decides, never a repository.
#pragma once

#include <string>

#include "reconciler/base/result.hpp"
#include "reconciler/model/host.hpp"

namespace reconciler {

/// Reads the host file; all mistakes at once, each with its place. `file.not_found` where there is
/// none: then the defaults of Host serve.
Result<Host> read_host_file(const std::string& path);

}  // namespace reconciler
