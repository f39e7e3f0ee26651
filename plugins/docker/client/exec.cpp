#include "plugins/docker/client/exec.hpp"

#include <poll.h>

#include <array>

#include "plugins/docker/client/lines.hpp"

namespace reconciler::docker {
namespace {

class Carrying {
 public:
  Carrying(Connection& connection, const ExecPipes& pipes, const Waiter& waiter)
      : connection_(connection), pipes_(pipes), waiter_(waiter), writing_(bool(pipes.in)) {}

  Status operator()(const std::string& first) {
    frames_.add(first);
    for (;;) {
      if (refused_) return failure(*refused_);
      if (auto sent = send(); !sent) return sent;
      auto n = connection_.read_now(buffer_.data(), buffer_.size(), waiter_);
      if (!n) return failed(n);
      if (!*n) {
        const auto events = static_cast<short>(writing_ ? POLLIN | POLLOUT : POLLIN);
        if (auto waited = waiter_.ready(connection_.fd(), events); !waited) return waited;
        continue;
      }
      if (**n == 0) break;
      frames_.add({buffer_.data(), **n});
    }
    lines_.finish();
    return refused_ ? failure(*refused_) : Status{};
  }

 private:
  Status send() {
    if (!writing_) return {};
    if (chunk_.empty()) {
      auto next = pipes_.in();
      if (!next) return failed(next);
      chunk_ = std::move(*next);
      if (chunk_.empty()) {
        writing_ = false;
        connection_.close_writing();
        return {};
      }
    }
    auto n = connection_.write_now(chunk_, waiter_);
    if (!n) return failed(n);
    if (*n)
      chunk_.erase(0, **n);
    else
      writing_ = false;  // it reads no more: its exit code tells whether that was enough
    return {};
  }

  void came(FrameReader::Source source, std::string_view bytes) {
    if (source != FrameReader::out) return lines_.add(bytes);
    if (refused_) return;
    if (auto taken = pipes_.out(bytes); !taken) refused_ = taken.error();
  }

  Connection& connection_;
  const ExecPipes& pipes_;
  const Waiter& waiter_;
  bool writing_;
  std::string chunk_;  ///< of its input: what is not sent yet
  std::optional<Error> refused_;
  FrameReader frames_{
      [this](FrameReader::Source source, std::string_view bytes) { came(source, bytes); }};
  LineReader lines_{pipes_.said};
  std::array<char, 65536> buffer_{};
};

}  // namespace

Status carry(Connection& connection, const std::string& first, const ExecPipes& pipes,
             const Waiter& waiter) {
  return Carrying(connection, pipes, waiter)(first);
}

}  // namespace reconciler::docker
