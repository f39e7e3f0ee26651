#include "plugins/docker/client/socket.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <functional>
#include <optional>

namespace reconciler::docker {

/// A stop that is asked for while poll() sleeps makes this descriptor readable.
struct Waiter::Wake {
  Descriptor event{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::optional<std::stop_callback<std::function<void()>>> callback;
  explicit Wake(const std::stop_token& stop) {
    callback.emplace(stop, [fd = event.get()] {
      const std::uint64_t one = 1;
      [[maybe_unused]] const ssize_t n = ::write(fd, &one, sizeof one);
    });
  }
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;
  ~Wake() { callback.reset(); }  // before the descriptor goes
};

Waiter::Waiter(const Clock& clock, Deadline deadline, std::stop_token stop, std::string what)
    : clock_(clock),
      begun_(clock.now()),
      deadline_(deadline),
      stop_(std::move(stop)),
      what_(std::move(what)) {
  if (stop_.stop_possible()) wake_ = std::make_unique<Wake>(stop_);
}

Waiter::~Waiter() = default;

Status Waiter::ready(int fd, short events) const {
  for (;;) {
    if (stop_.stop_requested()) return failure(error("docker.stopped", what_ + " was stopped"));
    const auto left = deadline_.left(clock_);
    if (left <= Duration::zero())
      return failure(error("docker.timeout", fmt::format("no answer to {} within {}", what_,
                                                         for_people(deadline_.until() - begun_)))
                         .passing());
    pollfd fds[2] = {{fd, events, 0}, {wake_ ? wake_->event.get() : -1, POLLIN, 0}};
    const int wait = static_cast<int>(std::min<std::int64_t>(left.count(), INT_MAX));
    const int n = ::poll(fds, 2, wait);
    if (n > 0 && fds[0].revents != 0) return {};
    if (n < 0 && errno != EINTR)
      return failure(error("docker.protocol", fmt::format("poll: {}", std::strerror(errno))));
  }
}

Status Waiter::pause() const {
  if (stop_.stop_requested()) return failure(error("docker.stopped", what_ + " was stopped"));
  if (deadline_.passed(clock_)) return ready(-1, 0);
  ::poll(nullptr, 0, 5);
  return {};
}

Result<Connection> Connection::open(const std::string& path, const Waiter& waiter) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return failure(error("docker.unreachable",
                         fmt::format("the socket's path has {} bytes, the system allows {}: {}",
                                     path.size(), sizeof address.sun_path - 1, path)));
  std::copy(path.begin(), path.end(), address.sun_path);
  Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd)
    return failure(
        error("docker.unreachable", fmt::format("no socket: {}", std::strerror(errno))).passing());
  for (;;) {
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
      return Connection(std::move(fd));
    const int number = errno;
    if (number == EINTR) continue;
    if (number == EAGAIN) {  // its backlog is full; poll() does not tell when that is over
      if (auto paused = waiter.pause(); !paused) return failed(paused);
      continue;
    }
    if (number == EACCES || number == EPERM)
      return failure(error("docker.permission",
                           fmt::format("this user may not use the Docker socket {}", path))
                         .next("run as root, or as a member of the group that owns the socket"));
    return failure(error("docker.unreachable", fmt::format("no Docker Engine answers at {}: {}",
                                                           path, std::strerror(number)))
                       .next("start it (systemctl start docker), then try again")
                       .passing());
  }
}

namespace {

Error lost(const Waiter& waiter, int number) {
  return error("docker.unreachable", fmt::format("{}: {}", waiter.what(), std::strerror(number)))
      .passing();
}

}  // namespace

Result<std::optional<size_t>> Connection::write_now(std::string_view bytes, const Waiter& waiter) {
  for (;;) {
    const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0) return static_cast<size_t>(n);
    if (errno == EINTR) continue;
    if (errno == EPIPE || errno == ECONNRESET) return std::nullopt;
    if (errno == EAGAIN) return size_t{0};
    return failure(lost(waiter, errno));
  }
}

Result<bool> Connection::write_all(std::string_view bytes, const Waiter& waiter) {
  while (!bytes.empty()) {
    auto n = write_now(bytes, waiter);
    if (!n) return failed(n);
    if (!*n) return false;
    bytes.remove_prefix(**n);
    if (**n == 0)
      if (auto waited = waiter.ready(fd_.get(), POLLOUT); !waited) return failed(waited);
  }
  return true;
}

Result<std::optional<size_t>> Connection::read_now(char* into, size_t most, const Waiter& waiter) {
  for (;;) {
    const ssize_t n = ::recv(fd_.get(), into, most, 0);
    if (n >= 0) return static_cast<size_t>(n);
    if (errno == EINTR) continue;
    if (errno == ECONNRESET) return size_t{0};
    if (errno == EAGAIN) return std::nullopt;
    return failure(lost(waiter, errno));
  }
}

Result<size_t> Connection::read_some(char* into, size_t most, const Waiter& waiter) {
  for (;;) {
    auto n = read_now(into, most, waiter);
    if (!n) return failed(n);
    if (*n) return **n;
    if (auto waited = waiter.ready(fd_.get(), POLLIN); !waited) return failed(waited);
  }
}

void Connection::close_writing() {
  ::shutdown(fd_.get(), SHUT_WR);
}

bool Connection::idle() const {
  pollfd one{fd_.get(), POLLIN, 0};
  return ::poll(&one, 1, 0) == 0;
}

}  // namespace reconciler::docker
