#include "reconciler/base/become.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace reconciler {

Error become(const Command& command) {
  std::vector<char*> argv;
  for (const auto& one : command.argv) argv.push_back(const_cast<char*>(one.c_str()));
  argv.push_back(nullptr);
  std::vector<std::string> pairs;
  for (const auto& [name, value] : command.environment) pairs.push_back(name + "=" + value);
  std::vector<char*> environment;
  for (const auto& pair : pairs) environment.push_back(const_cast<char*>(pair.c_str()));
  environment.push_back(nullptr);

  // Where it fails we go on, and need what is open.
  ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  ::signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigset_t before;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, &before);
  ::execve(argv[0], argv.data(), environment.data());
  const int why = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return error(why == ENOENT ? "process.not_found" : "process.failed_to_start",
               fmt::format("cannot run {}: {}", command.argv[0], std::strerror(why)));
}

}  // namespace reconciler
