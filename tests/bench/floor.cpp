// The floor: what any program that looks at a project must do, and nothing else. Connects to the
// Engine, asks for the project's containers and for all images, inspects each container over four
// connections, parses every answer and opens a SQLite file. `floor SOCKET PROJECT LEDGER`.
#include <sqlite3.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace {

[[noreturn]] void die(const char* what) {
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

  boost::json::value get(const std::string& path) {
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
    return boost::json::parse(body);
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

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 64;
  const std::string socket = argv[1];
  Connection first(socket);
  const auto containers = first.get(
      std::string(
          "/containers/json?all=1&filters=%7B%22label%22%3A%5B%22com.docker.compose.project%3D") +
      argv[2] + "%22%5D%7D");
  const auto images = first.get("/images/json");
  std::vector<std::string> ids;
  for (const auto& c : containers.as_array()) ids.emplace_back(c.as_object().at("Id").as_string());
  std::vector<std::thread> threads;
  for (size_t lane = 0; lane < 4 && lane < ids.size(); ++lane)
    threads.emplace_back([&, lane] {
      Connection connection(socket);
      for (size_t i = lane; i < ids.size(); i += 4)
        connection.get("/containers/" + ids[i] + "/json");
    });
  for (auto& thread : threads) thread.join();
  sqlite3* ledger = nullptr;
  sqlite3_open(argv[3], &ledger);
  sqlite3_exec(ledger, "PRAGMA user_version", nullptr, nullptr, nullptr);
  sqlite3_close(ledger);
  std::printf("%zu containers, %zu images\n", ids.size(), images.as_array().size());
  return 0;
}
