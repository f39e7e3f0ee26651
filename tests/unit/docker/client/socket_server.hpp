// A Unix socket that answers with canned bytes: what a test wants to see the client survive.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "reconciler/base/filesystem.hpp"

namespace reconciler::docker {

/// Answers each request (as far as its blank line and Content-Length) with what `answer` says;
/// an empty answer says nothing and keeps the connection. Remembers the requests.
class SocketServer {
 public:
  struct Reply {
    std::string bytes;
    bool close = false;
  };
  using Handler = std::function<Reply(const std::string& first_line, const std::string& request)>;

  explicit SocketServer(Handler handler) : handler_(std::move(handler)) {
    char name[] = "/tmp/reconciler-socket-XXXXXX";
    folder_ = ::mkdtemp(name);
    listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path().c_str());
    ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(listener_.get(), 16);
    thread_ = std::jthread([this](const std::stop_token& stop) { accept_all(stop); });
  }
  ~SocketServer() {
    thread_.request_stop();
    thread_.join();
    workers_.clear();
    (void)remove_tree(folder_);
  }
  std::string path() const { return folder_ + "/s"; }
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  int connections() {
    const std::lock_guard lock(mutex_);
    return connections_;
  }

 private:
  static bool readable(int fd, const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      pollfd one{fd, POLLIN, 0};
      if (::poll(&one, 1, 10) > 0) return true;
    }
    return false;
  }
  void accept_all(const std::stop_token& stop) {
    while (readable(listener_.get(), stop)) {
      const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      const std::lock_guard lock(mutex_);
      ++connections_;
      workers_.emplace_back([this, fd](const std::stop_token& s) { serve(Descriptor(fd), s); });
    }
  }
  void serve(Descriptor fd, const std::stop_token& stop) {
    std::string data;
    while (readable(fd.get(), stop)) {
      char buffer[4096];
      const ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
      if (n <= 0) return;
      data.append(buffer, static_cast<size_t>(n));
      for (;;) {
        const size_t blank = data.find("\r\n\r\n");
        if (blank == std::string::npos) break;
        size_t length = 0;
        if (const size_t at = data.find("Content-Length: "); at < blank)
          length = std::stoul(data.substr(at + 16));
        if (data.size() < blank + 4 + length) break;
        const std::string request = data.substr(0, blank + 4 + length);
        data.erase(0, request.size());
        const std::string first = request.substr(0, request.find("\r\n"));
        {
          const std::lock_guard lock(mutex_);
          requests_.push_back(first);
        }
        const Reply reply = handler_(first, request);
        (void)::send(fd.get(), reply.bytes.data(), reply.bytes.size(), MSG_NOSIGNAL);
        if (reply.close) return;
      }
    }
  }

  Handler handler_;
  std::string folder_;
  Descriptor listener_;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  int connections_ = 0;
  std::vector<std::jthread> workers_;
  std::jthread thread_;
};

/// A whole HTTP response.
inline std::string http(int status, const std::string& body, const std::string& fields = "") {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + fields +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace reconciler::docker
