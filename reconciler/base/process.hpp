// Other programs: argument vectors only (there is no shell), a bounded life, bounded output.
#pragma once

#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "reconciler/base/clock.hpp"
#include "reconciler/base/result.hpp"

namespace reconciler {

/// What to run and within which limits.
struct Command {
  std::vector<std::string> argv;                     ///< argv[0] is an absolute path
  std::map<std::string, std::string> environment{};  ///< the whole of it: nothing is inherited
  std::string directory = "/";
  std::string input{};                        ///< its standard input; then end of file
  Duration timeout{std::chrono::minutes(1)};  ///< then SIGTERM, 2 s later SIGKILL to its group
  size_t most_output = 16U << 20U;            ///< of either stream; more ends it
  size_t most_memory = 0;                     ///< RLIMIT_AS in bytes; 0: no limit
  /// Called with each whole line of standard output and error as it comes, from the calling thread.
  std::function<void(std::string_view line)> on_line{};
  bool keep_on_parent_death = false;  ///< otherwise it is killed when the reconciler dies
};

struct Finished {
  int exit_code = 0;  ///< 128 + signal when it was killed by one
  std::string out;
  std::string err;
};

/// Runs to the end. `process.not_found`, `process.failed_to_start`, `process.timeout`,
/// `process.output_limit`, `process.stopped`. A non-zero exit is not an error here.
Result<Finished> run_process(const Command& command, std::stop_token stop = {});

/// Where this program itself lies: the folder of /proc/self/exe.
std::string own_folder();

}  // namespace reconciler
