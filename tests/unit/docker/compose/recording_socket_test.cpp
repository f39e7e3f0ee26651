// A Compose that sends what it should not: the recorder goes on for everyone else, or says by name
// what it does not know.
#include "plugins/docker/compose/recording_socket.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <thread>

#include "tests/unit/docker/compose/fixture.hpp"

namespace reconciler::docker {
namespace {

class RecordingSocketTest : public ComposeTest {
 protected:
  RecordingSocketTest() {
    auto listening = RecordingSocket::listen(path(), empty_);
    EXPECT_TRUE(listening) << (listening ? "" : render(listening.error()));
    if (listening) socket_ = std::move(*listening);
  }
  std::string path() const { return top() + "/s"; }

  Descriptor connected() const {
    Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path().copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return fd;
  }

  /// Sends until the other side hangs up or all is sent; then what it answered until it closed or
  /// fell silent.
  static std::string say(const Descriptor& fd, const std::string& text) {
    for (size_t at = 0; at < text.size();) {
      const ssize_t n = ::send(fd.get(), text.data() + at, text.size() - at, MSG_NOSIGNAL);
      if (n <= 0) break;
      at += static_cast<size_t>(n);
    }
    ::shutdown(fd.get(), SHUT_WR);
    std::string said;
    char buffer[4096];
    for (;;) {
      const ssize_t n = ::recv(fd.get(), buffer, sizeof buffer, 0);
      if (n <= 0) return said;
      said.append(buffer, static_cast<size_t>(n));
    }
  }

  void expect_alive() {
    const auto said = say(connected(), "GET /v1.41/_ping HTTP/1.1\r\nHost: docker\r\n\r\n");
    EXPECT_NE(said.find(" 200 "), std::string::npos) << said;
  }

  /// Ends the thread: then the record may be read.
  std::optional<std::string> refused() {
    socket_.reset();
    return empty_.refused();
  }

  QuietEngine real_;
  EmptyEngine empty_{real_, "1.41", {}, {}, Deadline(real_.clock(), std::chrono::seconds(5))};
  std::unique_ptr<RecordingSocket> socket_;
};

TEST_F(RecordingSocketTest, WhatIsNoHttpIsHungUpOn) {
  for (const std::string& text :
       {std::string("nonsense\r\n\r\n"), std::string(1 << 20, 'x'), std::string("\0\0\0\0", 4),
        "GET /" + std::string(200'000, 'a') + " HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nX: " + std::string(200'000, 'a') + "\r\n\r\n",
        std::string("POST /x HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n"),
        std::string("GET /%zz HTTP/1.1\r\n\r\n")}) {
    const auto said = say(connected(), text);
    EXPECT_EQ(said.find(" 200 "), std::string::npos) << text.substr(0, 40);
    expect_alive();
  }
}

TEST_F(RecordingSocketTest, HalfARequestHoldsNobodyUp) {
  const Descriptor silent = connected();
  const std::string half = "POST /v1.41/containers/create?name=a HTTP/1.1\r\nContent-Length: 9\r\n";
  ASSERT_EQ(::send(silent.get(), half.data(), half.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(half.size()));
  expect_alive();
  EXPECT_FALSE(refused());
}

TEST_F(RecordingSocketTest, ABodyThatIsNoJsonIsRefusedByName) {
  const auto said = say(connected(),
                        "POST /v1.41/containers/create?name=a HTTP/1.1\r\nHost: d\r\n"
                        "Content-Length: 3\r\n\r\n{{{");
  EXPECT_NE(said.find(" 501 "), std::string::npos) << said;
  EXPECT_EQ(refused(), "POST /containers/create");
}

TEST_F(RecordingSocketTest, AnArchiveThatIsNoneIsRefusedByName) {
  (void)say(connected(),
            "POST /v1.41/containers/create?name=a HTTP/1.1\r\nHost: d\r\nContent-Length: "
            "2\r\n\r\n{}");
  const auto said = say(connected(),
                        "PUT /v1.41/containers/a/archive?path=/ HTTP/1.1\r\nHost: d\r\n"
                        "Content-Length: 600\r\n\r\n" +
                            std::string(600, 'x'));
  EXPECT_NE(said.find(" 501 "), std::string::npos) << said;
  EXPECT_EQ(refused(), "PUT /containers/a/archive");
}

TEST_F(RecordingSocketTest, ARequestThatNobodyKnowsIsRefusedByName) {
  (void)say(connected(), "DELETE /v1.41/containers/a HTTP/1.1\r\nHost: d\r\n\r\n");
  EXPECT_EQ(refused(), "DELETE /containers/a");
}

}  // namespace
}  // namespace reconciler::docker
