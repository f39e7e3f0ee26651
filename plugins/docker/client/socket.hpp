// A non-blocking Unix socket, every wait on it bounded by a monotonic deadline and a stop.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "reconciler/base/clock.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/result.hpp"

namespace reconciler::docker {

/// How long one exchange may wait, and how it is called in messages (`GET /info`).
class Waiter {
 public:
  Waiter(const Clock& clock, Deadline deadline, std::stop_token stop, std::string what);
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter();
  /// Waits until `fd` is ready for `events`: `docker.timeout`, `docker.stopped`.
  Status ready(int fd, short events) const;
  /// Sleeps a few milliseconds within the same bounds.
  Status pause() const;
  const std::string& what() const { return what_; }

 private:
  struct Wake;
  const Clock& clock_;
  Instant begun_;
  Deadline deadline_;
  std::stop_token stop_;
  std::string what_;
  std::unique_ptr<Wake> wake_;  // only where a stop is possible at all
};

/// One connected stream. Movable; closed with the object. One user at a time.
class Connection {
 public:
  explicit Connection(Descriptor fd) : fd_(std::move(fd)) {}
  /// `docker.unreachable` (may pass) when nothing listens there, `docker.permission`.
  static Result<Connection> open(const std::string& path, const Waiter& waiter);
  /// False when the other side closed it before all was written: an answer may still be there.
  Result<bool> write_all(std::string_view bytes, const Waiter& waiter);
  /// At least one byte; 0 when the other side has closed.
  Result<size_t> read_some(char* into, size_t most, const Waiter& waiter);
  /// As much of it as goes at once, 0 where nothing does; nothing when the other side reads no
  /// more.
  Result<std::optional<size_t>> write_now(std::string_view bytes, const Waiter& waiter);
  /// What has come already, 0 when the other side has closed; nothing where nothing came.
  Result<std::optional<size_t>> read_now(char* into, size_t most, const Waiter& waiter);
  /// Nothing more is written: the other side reads to an end.
  void close_writing();
  /// True while nothing has come and the other side has not closed: it can be used again.
  bool idle() const;
  int fd() const { return fd_.get(); }

 private:
  Descriptor fd_;
};

}  // namespace reconciler::docker
