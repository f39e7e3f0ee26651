#include "plugins/docker/compose/recording_socket.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <thread>

#include "reconciler/base/filesystem.hpp"

namespace reconciler::docker {
namespace {

namespace http = boost::beast::http;
using Parser = http::request_parser<http::string_body>;

constexpr size_t most_connections = 1024;
constexpr size_t most_body = size_t{4} << 20U;

std::optional<std::string> decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      unsigned value = 0;
      for (const char c : text.substr(i + 1, 2)) {
        const auto digit = std::string_view("0123456789abcdef").find(static_cast<char>(c | 0x20));
        if (digit == std::string_view::npos) return std::nullopt;
        value = value * 16 + static_cast<unsigned>(digit);
      }
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string write_reply(const Reply& reply, const std::string& api_version, bool head) {
  const bool ping = reply.status == 200 && reply.body.is_null();
  const std::string body = ping                   ? "OK"
                           : reply.body.is_null() ? ""
                                                  : boost::json::serialize(reply.body);
  std::string out = fmt::format(
      "HTTP/1.1 {} X\r\nApi-Version: {}\r\nOstype: linux\r\nDocker-Experimental: false\r\n",
      reply.status, api_version);
  if (reply.status != 204)
    out += fmt::format("Content-Type: {}\r\nContent-Length: {}\r\n",
                       ping ? "text/plain" : "application/json", body.size());
  out += "\r\n";
  return head || reply.status == 204 ? out : out + body;
}

struct Peer {
  Descriptor fd;
  std::unique_ptr<Parser> parser;
  std::string in;
  std::string out;
  bool done = false;
  void next() {
    parser = std::make_unique<Parser>();
    parser->eager(true);
    parser->body_limit(most_body);
    parser->header_limit(64U << 10U);
  }
};

class Server final : public RecordingSocket {
 public:
  Server(Descriptor listener, EmptyEngine& engine)
      : listener_(std::move(listener)), engine_(engine), wake_(::eventfd(0, EFD_CLOEXEC)) {
    thread_ = std::thread([this] { loop(); });
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() override {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t n = ::write(wake_.get(), &one, sizeof one);
    thread_.join();
  }

 private:
  void loop() {
    for (;;) {
      std::vector<pollfd> fds = {{wake_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
      for (const auto& peer : peers_)
        fds.push_back({peer.fd.get(), static_cast<short>(peer.out.empty() ? POLLIN : POLLOUT), 0});
      if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return;
      if (fds[0].revents != 0) return;
      for (size_t i = 0; i < peers_.size(); ++i)
        if (fds[i + 2].revents != 0) serve(peers_[i]);
      std::erase_if(peers_, [](const Peer& peer) { return peer.done; });
      if (fds[1].revents != 0) accept();
    }
  }

  void accept() {
    for (;;) {
      Descriptor fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!fd) return;
      if (peers_.size() >= most_connections) continue;
      Peer peer;
      peer.fd = std::move(fd);
      peer.next();
      peers_.push_back(std::move(peer));
    }
  }

  void serve(Peer& peer) {
    if (!peer.out.empty()) {
      flush(peer);
      return;
    }
    std::array<char, 65536> buffer;
    const ssize_t n = ::recv(peer.fd.get(), buffer.data(), buffer.size(), 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
      peer.done = true;
      return;
    }
    peer.in.append(buffer.data(), static_cast<size_t>(n));
    while (!peer.in.empty() && !peer.done) {
      boost::system::error_code ec;
      const size_t used =
          peer.parser->put(boost::asio::const_buffer(peer.in.data(), peer.in.size()), ec);
      peer.in.erase(0, used);
      if (ec && ec != http::error::need_more) peer.done = true;
      if (!peer.parser->is_done()) {
        if (ec == http::error::need_more || used == 0) break;
        continue;
      }
      respond(peer);
    }
  }

  void respond(Peer& peer) {
    const auto message = peer.parser->release();
    const auto method = message.method_string();
    const auto target = message.target();
    auto request = parse_target({method.data(), method.size()}, {target.data(), target.size()});
    if (!request) {
      peer.done = true;
      return;
    }
    if (!message.body().empty()) {
      if (auto body = parse_json(message.body()))
        request->body = std::move(*body);
      else
        request->bytes = message.body();
    }
    peer.out +=
        write_reply(engine_.answer(*request), engine_.api_version(), request->method == "HEAD");
    peer.next();
    flush(peer);
  }

  static void flush(Peer& peer) {
    while (!peer.out.empty()) {
      const ssize_t n = ::send(peer.fd.get(), peer.out.data(), peer.out.size(), MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno == EAGAIN) return;
      if (n < 0) {
        peer.done = true;
        return;
      }
      peer.out.erase(0, static_cast<size_t>(n));
    }
  }

  Descriptor listener_;
  EmptyEngine& engine_;
  Descriptor wake_;
  std::vector<Peer> peers_;
  std::thread thread_;
};

}  // namespace

std::optional<RecordedRequest> parse_target(std::string_view method, std::string_view target) {
  const size_t question = target.find('?');
  std::string_view path = target.substr(0, question);
  if (!path.starts_with('/')) return std::nullopt;
  if (path.starts_with("/v1.")) {
    const size_t slash = path.find('/', 1);
    path = slash == std::string_view::npos ? "/" : path.substr(slash);
  }
  auto decoded = decode(path);
  if (!decoded) return std::nullopt;
  RecordedRequest request{std::string(method), std::move(*decoded), {}, {}, {}};
  std::string_view query = question == std::string_view::npos ? "" : target.substr(question + 1);
  while (!query.empty()) {
    const auto one = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), one.size() + 1));
    const size_t equals = one.find('=');
    auto name = decode(one.substr(0, equals));
    auto value = decode(equals == std::string_view::npos ? "" : one.substr(equals + 1));
    if (!name || !value) return std::nullopt;
    request.query[std::move(*name)] = std::move(*value);
  }
  return request;
}

Result<std::unique_ptr<RecordingSocket>> RecordingSocket::listen(const std::string& path,
                                                                 EmptyEngine& engine) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return failure(error("file.unwritable", "the path of a socket is too long: " + path));
  std::copy(path.begin(), path.end(), address.sun_path);
  ::unlink(path.c_str());
  Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!listener ||
      ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener.get(), SOMAXCONN) != 0)
    return failure(error("file.unwritable",
                         fmt::format("cannot listen at {}: {}", path, std::strerror(errno))));
  try {
    return std::unique_ptr<RecordingSocket>(std::make_unique<Server>(std::move(listener), engine));
  } catch (const std::system_error& e) {
    return failure(error("system.exhausted",
                         fmt::format("the system gives no thread for {}: {}", path, e.what()))
                       .passing());
  }
}

}  // namespace reconciler::docker
