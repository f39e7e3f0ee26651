// Writing to a program that has gone is an error of the call, not the end of this process.
#pragma once

#include <csignal>

#include <string_view>

#include <sys/types.h>

namespace reconciler {

/// write(2) to a pipe: EPIPE where nobody reads any more, whatever the process has set for SIGPIPE.
/// The signal goes to the thread that writes, and is taken there.
ssize_t write_to_pipe(int fd, std::string_view bytes);

}  // namespace reconciler
