// Another program in the place of this one.
#pragma once

#include "reconciler/base/process.hpp"

namespace reconciler {

/// Runs `command` in the place of this process: its terminal, working folder and standard streams
/// stay; everything else that is open here is closed, and signals are as they were before we took
/// them. Only argv and environment of the Command count. Returns why it could not:
/// `process.not_found`, `process.failed_to_start`.
Error become(const Command& command);

}  // namespace reconciler
