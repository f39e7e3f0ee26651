// What is done inside of one container: commands by exec, files by archive.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "plugins/docker/client/tar.hpp"
#include "plugins/docker/services/context.hpp"

namespace reconciler::docker {

/// Runs a command (the body of an exec call) to its end; its exit code. `on_line` gets its output.
/// `docker.timeout` where it still runs at the deadline; the Engine has no way to end it.
Result<std::int64_t> run_in_container(Context& context, const std::string& container,
                                      const Json& exec, Deadline deadline,
                                      const std::function<void(std::string_view)>& on_line,
                                      std::stop_token stop);

/// The same with its input and output carried as bytes (ExecPipes). `docker.unreachable` (it
/// passes) where the connection broke off before it ended: then nobody knows what it did. `begins`
/// is asked last before the command runs; its error is the answer then, and nothing has run.
Result<std::int64_t> carry_through_container(Context& context, const std::string& container,
                                             const Json& exec, const ExecPipes& pipes,
                                             Deadline deadline, std::stop_token stop,
                                             const std::function<Status()>& begins = {});

/// Copies a file in.
Status put_file(Context& context, const std::string& container, const ArchivedFile& file);

}  // namespace reconciler::docker
