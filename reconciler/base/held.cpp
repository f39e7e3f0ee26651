#include "reconciler/base/held.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "reconciler/base/clock.hpp"

namespace reconciler {
namespace {

constexpr int most_tries = 1500;
constexpr Duration between_tries{20};

Descriptor open_lock(const std::string& path) {
  Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (fd) return fd;
  return Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
}

}  // namespace

Result<FolderHeld> hold_folder(const std::string& folder) {
  const std::string path = folder + ".lock";
  Descriptor fd = open_lock(path);
  if (!fd) return FolderHeld();
  // By count and not by the clock: the other one is a process whom a simulated clock does not move.
  for (int tries = most_tries; ::flock(fd.get(), LOCK_SH | LOCK_NB) != 0; --tries) {
    if (errno != EWOULDBLOCK && errno != EINTR)
      return failure(
          error("file.unwritable", fmt::format("cannot lock {}: {}", path, std::strerror(errno))));
    if (tries == 0)
      return failure(error("folder.busy", fmt::format("somebody who tidies holds {}", path))
                         .next("look who that is: fuser -v " + path)
                         .passing());
    std::this_thread::sleep_for(between_tries);
  }
  return std::make_shared<const Descriptor>(std::move(fd));
}

FolderHeld hold_folder_alone(const std::string& folder) {
  Descriptor fd = open_lock(folder + ".lock");
  if (!fd || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return {};
  return std::make_shared<const Descriptor>(std::move(fd));
}

}  // namespace reconciler
