#include "reconciler/ledger/cancel.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "reconciler/base/text.hpp"

namespace reconciler {
namespace {

std::string folder_of(const std::string& state_dir) {
  return state_dir + "/locks";
}

std::string wish_file_of(const std::string& state_dir, const EnvironmentId& id) {
  return folder_of(state_dir) + "/" + id.application + "." + id.environment + ".cancel";
}

}  // namespace

Cancellation::Cancellation(const std::string& state_dir, const EnvironmentId& id)
    : path_(wish_file_of(state_dir, id)) {
  (void)::unlink(path_.c_str());
}

Cancellation::~Cancellation() {
  if (thread_.joinable()) {
    (void)::eventfd_write(end_.get(), 1);
    thread_.join();
  }
  (void)::unlink(path_.c_str());
}

void Cancellation::watch() {
  if (thread_.joinable()) return;
  changes_ = Descriptor(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  end_ = Descriptor(::eventfd(0, EFD_CLOEXEC));
  const std::string folder = path_.substr(0, path_.rfind('/'));
  if (!changes_ || !end_ ||
      ::inotify_add_watch(changes_.get(), folder.c_str(), IN_MOVED_TO | IN_CREATE) < 0)
    return;
  try {
    thread_ = std::jthread([this] { listen(); });
  } catch (const std::system_error&) {
    // No more threads: nobody can cancel it, and that is no reason not to do it.
  }
}

void Cancellation::listen() {
  std::array<char, 4096> events{};
  while (!exists(path_)) {
    std::array<pollfd, 2> both{{{changes_.get(), POLLIN, 0}, {end_.get(), POLLIN, 0}}};
    if (::poll(both.data(), both.size(), -1) < 0 && errno != EINTR) return;
    if (both[1].revents != 0) return;
    while (::read(changes_.get(), events.data(), events.size()) > 0) {
    }
  }
  wished_.request_stop();
}

std::string Cancellation::by() const {
  if (!wished_.stop_requested()) return "";
  const auto text = read_file(path_, 4096);
  return text ? printable(trim(*text), 80) : "somebody";
}

Status cancel(const std::string& state_dir, const EnvironmentId& id, const std::string& who) {
  return replace_file(wish_file_of(state_dir, id), who + "\n");
}

}  // namespace reconciler
