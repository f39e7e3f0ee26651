// A bare connection to the Engine: what any program that asks it something must do, and nothing
// else.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace bench {

[[noreturn]] inline void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

class Connection {
 public:
  explicit Connection(const std::string& path)
      : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) die("connect");
  }
  ~Connection() { ::close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// The body of the answer, as it came.
  std::string get(const std::string& path) {
    const std::string request = "GET " + path + " HTTP/1.1\r\nHost: d\r\n\r\n";
    if (::write(fd_, request.data(), request.size()) < 0) die("write");
    while (buffer_.find("\r\n\r\n") == std::string::npos) more();
    const size_t end = buffer_.find("\r\n\r\n") + 4;
    const std::string head = buffer_.substr(0, end);
    buffer_.erase(0, end);
    std::string body;
    const size_t length = head.find("Content-Length: ");
    if (length != std::string::npos) {
      const size_t n = std::strtoul(head.c_str() + length + 16, nullptr, 10);
      while (buffer_.size() < n) more();
      body = buffer_.substr(0, n);
      buffer_.erase(0, n);
    } else {
      for (;;) {
        while (buffer_.find("\r\n") == std::string::npos) more();
        const size_t n = std::strtoul(buffer_.c_str(), nullptr, 16);
        buffer_.erase(0, buffer_.find("\r\n") + 2);
        while (buffer_.size() < n + 2) more();
        body += buffer_.substr(0, n);
        buffer_.erase(0, n + 2);
        if (n == 0) break;
      }
    }
    return body;
  }

 private:
  void more() {
    char bytes[65536];
    const ssize_t n = ::read(fd_, bytes, sizeof bytes);
    if (n <= 0) die("read");
    buffer_.append(bytes, static_cast<size_t>(n));
  }
  int fd_;
  std::string buffer_;
};

/// What a list is asked for with, where those of one project are wanted.
inline std::string of_project(const std::string& project) {
  return "?filters=%7B%22label%22%3A%5B%22com.docker.compose.project%3D" + project + "%22%5D%7D";
}

/// The path that lists the project's containers.
inline std::string containers_of(const std::string& project) {
  return "/containers/json" + of_project(project) + "&all=1";
}

}  // namespace bench
