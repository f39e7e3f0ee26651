#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>

#include "plugins/docker/client/engine.hpp"
#include "tests/unit/docker/client/socket_server.hpp"

namespace reconciler::docker {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

class EngineSocketTest : public testing::Test {
 protected:
  /// A daemon of API 1.44; `answer` is what everything but the ping gets.
  SocketServer& serve(std::string answer, bool close = false, std::string api = "1.44") {
    server_ = std::make_unique<SocketServer>([=](const std::string& first, const std::string&) {
      if (first.starts_with("GET /_ping"))
        return SocketServer::Reply{http(200, "OK", "Api-Version: " + api + "\r\n")};
      return SocketServer::Reply{answer, close};
    });
    engine_ = make_engine_socket(server_->path(), clock_);
    return *server_;
  }
  Deadline soon(milliseconds d = seconds(5)) { return Deadline(clock_, d); }

  SystemClock clock_;
  std::unique_ptr<SocketServer> server_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(EngineSocketTest, SpeaksTheDaemonsVersionOnOneConnection) {
  auto& server = serve(http(200, R"([{"Id":"a"}])"));
  const auto got = engine_->get("/containers/json?all=1", soon());
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(canonical(*got), R"([{"Id":"a"}])");
  ASSERT_TRUE(engine_->get("/networks", soon()));
  EXPECT_THAT(server.requests(),
              ElementsAre("GET /_ping HTTP/1.1", "GET /v1.44/containers/json?all=1 HTTP/1.1",
                          "GET /v1.44/networks HTTP/1.1"));
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(EngineSocketTest, OneThatCameBackAsAnotherIsAskedWhatItSpeaks) {
  std::atomic<int> minor = 41;
  SocketServer server([&](const std::string& first, const std::string&) {
    const std::string api = "1." + std::to_string(minor);
    if (first.starts_with("GET /_ping"))
      return SocketServer::Reply{http(200, "OK", "Api-Version: " + api + "\r\n"), true};
    return first.starts_with("GET /v" + api + "/")
               ? SocketServer::Reply{http(200, "{}"), true}
               : SocketServer::Reply{http(400, R"({"message":"client version is too old"})"), true};
  });
  engine_ = make_engine_socket(server.path(), clock_);
  ASSERT_TRUE(engine_->get("/info", soon()));
  minor = 44;  // an upgrade, between two looks
  const auto again = engine_->get("/info", soon());
  ASSERT_TRUE(again) << again.error().message;
}

TEST_F(EngineSocketTest, NeverSpeaksANewerVersionThanWasTried) {
  serve(http(200, "{}"), false, "1.99");
  EXPECT_EQ(*engine_->api_version(soon()), "1.51");
}

TEST_F(EngineSocketTest, RefusesADaemonThatIsTooOld) {
  auto& server = serve(http(200, "{}"), false, "1.40");
  const auto e = engine_->get("/info", soon()).error();
  EXPECT_EQ(e.code, "docker.protocol");
  EXPECT_EQ(e.message, "what answers at " + server.path() +
                           " speaks API \"1.40\"; at least 1.41 (Engine 20.10) is needed");
}

TEST_F(EngineSocketTest, AStartWhoseRandomInterfaceNamesWereTakenIsAskedAgain) {
  auto& server =
      serve(http(500, R"({"message":"failed to add the host (veth1) <=> sandbox (veth2) )"
                      R"(pair interfaces: file exists"})"));
  const auto e = engine_->start("abc", soon()).error();
  EXPECT_EQ(e.message,
            "the Engine answers 500 to POST /containers/abc/start: failed to add the host (veth1) "
            "<=> sandbox (veth2) pair interfaces: file exists");
  const std::string asked = "POST /v1.44/containers/abc/start HTTP/1.1";
  EXPECT_THAT(server.requests(), ElementsAre("GET /_ping HTTP/1.1", asked, asked, asked));
}

TEST_F(EngineSocketTest, AStartThatFailsOtherwiseIsAskedOnce) {
  auto& server = serve(http(500, R"({"message":"port is already allocated"})"));
  ASSERT_FALSE(engine_->start("abc", soon()));
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST_F(EngineSocketTest, ErrorsMayBeJsonOrPlainText) {
  serve(http(400, R"({"message":"client version 1.99 is too new"})"));
  auto e = engine_->get("/info", soon()).error();
  EXPECT_EQ(e.code, "docker.error");
  EXPECT_EQ(e.message, "the Engine answers 400 to GET /info: client version 1.99 is too new");
  serve(http(404, "page not found\n"));
  e = engine_->get("/x?token=1", soon()).error();
  EXPECT_EQ(e.code, "docker.not_found");
  EXPECT_EQ(e.message, "the Engine answers 404 to GET /x: page not found");
}

TEST_F(EngineSocketTest, NotModifiedIsNoFailureOfAChange) {
  serve("HTTP/1.1 304 Not Modified\r\n\r\n");
  EXPECT_TRUE(engine_->change("POST", "/containers/a/stop", nullptr, soon()));
  serve(http(409, R"({"message":"in use"})"));
  EXPECT_EQ(engine_->change("DELETE", "/containers/a", nullptr, soon()).error().code,
            "docker.conflict");
}

TEST_F(EngineSocketTest, AnswersThatAreNotJsonAreRefused) {
  serve(http(200, R"({"Id":)"));
  const auto e = engine_->get("/info", soon()).error();
  EXPECT_EQ(e.code, "docker.protocol");
  EXPECT_EQ(e.message, "the Engine's answer to GET /info is not JSON");
}

TEST_F(EngineSocketTest, AnswersOfAnotherShapeAreRefused) {
  const std::vector<std::array<std::string, 3>> answers = {
      {"/containers/json?all=1", "null", "GET /containers/json is no list"},
      {"/containers/json", "", "GET /containers/json is no list"},
      {"/images/json", "{}", "GET /images/json is no list"},
      {"/networks?filters=x", R"({"message":"well"})", "GET /networks is no list"},
      {"/networks", "[null]", "GET /networks is a list of what has no Id"},
      {"/volumes?filters=x", "[]", "GET /volumes is no object"},
      {"/volumes", "{}", "GET /volumes is no list"},
      {"/volumes/data", "{}", "GET /volumes/data is no volume"},
      {"/containers/a/json", "{}", "GET /containers/a/json is without an Id"},
      {"/images/a/json", R"({"Id":7})", "GET /images/a/json is without an Id"},
      {"/networks/a", "[]", "GET /networks/a is no object"},
      {"/info", "7", "GET /info is no object"}};
  for (const auto& [path, body, said] : answers) {
    serve(http(200, body));
    const auto read = engine_->get(path, soon());
    ASSERT_FALSE(read) << path << " " << body;
    EXPECT_EQ(read.error().code, "docker.protocol");
    EXPECT_EQ(read.error().message, "the Engine's answer to " + said);
  }
  serve(http(200, R"({"Volumes":null,"Warnings":null})"));
  EXPECT_TRUE(engine_->get("/volumes", soon())) << "an Engine without any says so";
}

TEST_F(EngineSocketTest, HalfAnAnswerMayPass) {
  serve("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Id\"", true);
  const auto e = engine_->get("/info", soon()).error();
  EXPECT_EQ(e.code, "docker.unreachable");
  EXPECT_EQ(e.message, "the Engine closed the connection in the middle of its answer to GET /info");
  EXPECT_EQ(e.lasting, Lasting::transient);
}

TEST_F(EngineSocketTest, WhatIsNoHttpIsRefused) {
  serve("SSH-2.0-OpenSSH_9.2\r\n\r\n");
  EXPECT_EQ(engine_->get("/info", soon()).error().code, "docker.protocol");
}

TEST_F(EngineSocketTest, ChunkedAnswersArePutTogether) {
  serve(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n5\r\n\": 1}\r\n0\r\n\r\n");
  EXPECT_EQ(canonical(*engine_->get("/info", soon())), R"({"a":1})");
}

TEST_F(EngineSocketTest, ASilentDaemonMeetsTheDeadline) {
  serve("");
  const auto begun = std::chrono::steady_clock::now();
  const auto e = engine_->get("/info", soon(milliseconds(100))).error();
  EXPECT_EQ(e.code, "docker.timeout");
  EXPECT_EQ(e.lasting, Lasting::transient);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds(2));
}

TEST_F(EngineSocketTest, AStopEndsAWaitAtOnce) {
  serve("");
  std::stop_source stop;
  const std::jthread later([&] {
    std::this_thread::sleep_for(milliseconds(50));
    stop.request_stop();
  });
  const auto answer =
      engine_->call("POST", "/containers/a/wait", nullptr, soon(seconds(30)), stop.get_token());
  EXPECT_EQ(answer.error().code, "docker.stopped");
}

TEST_F(EngineSocketTest, AReadIsAskedAgainOnANewConnectionAndAChangeIsNot) {
  std::atomic<int> n = 0;
  SocketServer server([&](const std::string& first, const std::string&) {
    if (first.starts_with("GET /_ping"))
      return SocketServer::Reply{http(200, "", "Api-Version: 1.41\r\n")};
    return ++n == 1 ? SocketServer::Reply{"", true} : SocketServer::Reply{http(200, "{}")};
  });
  auto engine = make_engine_socket(server.path(), clock_);
  EXPECT_TRUE(engine->get("/info", soon()));
  n = 0;
  EXPECT_EQ(engine->change("POST", "/containers/a/start", nullptr, soon()).error().code,
            "docker.unreachable");
}

TEST_F(EngineSocketTest, NoDaemonIsUnreachable) {
  const auto engine = make_engine_socket("/nonexistent/docker.sock", clock_);
  const auto e = engine->get("/info", soon()).error();
  EXPECT_EQ(e.code, "docker.unreachable");
  EXPECT_EQ(e.message,
            "no Docker Engine answers at /nonexistent/docker.sock: No such file or directory");
  EXPECT_EQ(e.hint, "start it (systemctl start docker), then try again");
}

TEST_F(EngineSocketTest, APathNeverSmugglesARequest) {
  auto& server = serve(http(200, "{}"));
  EXPECT_EQ(engine_->get("/info HTTP/1.1\r\nX: y", soon()).error().code, "docker.protocol");
  EXPECT_TRUE(server.requests().empty());
  EXPECT_EQ(url_encode("a b/ä\n~"), "a%20b%2F%C3%A4%0A~");
}

std::string short_frame(char source, const std::string& text) {
  std::string out = {source, 0, 0, 0, 0, 0, 0, static_cast<char>(text.size())};
  return out + text;
}

TEST_F(EngineSocketTest, FramesOfBothStreamsBecomeWholeLines) {
  serve("HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n" +
            short_frame(1, "on") + short_frame(2, "bad\n") + short_frame(1, "e\r\ntwo\nthr") +
            short_frame(1, "ee"),
        true);
  std::vector<std::string> lines;
  const auto done = engine_->stream(
      "POST", "/exec/e/start", nullptr, [&](std::string_view line) { lines.emplace_back(line); },
      soon());
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(lines, ElementsAre("bad", "one", "two", "three"));
}

TEST_F(EngineSocketTest, ATerminalsStreamIsRaw) {
  serve("HTTP/1.1 200 OK\r\n\r\nhello\r\nworld", true);
  std::vector<std::string> lines;
  ASSERT_TRUE(engine_->stream(
      "GET", "/containers/a/logs", nullptr,
      [&](std::string_view line) { lines.emplace_back(line); }, soon()));
  EXPECT_THAT(lines, ElementsAre("hello", "world"));
}

TEST_F(EngineSocketTest, AStreamThatIsRefusedHasTheEnginesWords) {
  serve(http(404, R"({"message":"No such container: a"})"));
  const auto done = engine_->stream(
      "GET", "/containers/a/logs", nullptr, [](std::string_view) { FAIL(); }, soon());
  EXPECT_EQ(done.error().message,
            "the Engine answers 404 to GET /containers/a/logs: No such container: a");
}

std::string framed(char source, const std::string& text) {
  std::string out{source, 0, 0, 0, 0, 0, 0};
  return out + static_cast<char>(text.size()) + text;
}

TEST_F(EngineSocketTest, CarriesWhatGoesThroughAProgram) {
  // What comes behind the answer in one piece with it belongs to the program.
  auto& server = serve("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n" +
                           framed(1, std::string("ro\0ws\n", 6)) + framed(2, "no such host\n") +
                           framed(1, "end"),
                       true);
  std::string out;
  std::vector<std::string> said;
  ExecPipes pipes;
  pipes.out = [&](std::string_view bytes) -> Status {
    out += bytes;
    return {};
  };
  pipes.said = [&](std::string_view line) { said.emplace_back(line); };
  ASSERT_TRUE(engine_->exec("e1", pipes, soon(), {}));
  EXPECT_EQ(out, std::string("ro\0ws\nend", 9));
  EXPECT_THAT(said, ElementsAre("no such host"));
  EXPECT_THAT(server.requests(),
              ElementsAre("GET /_ping HTTP/1.1", "POST /v1.44/exec/e1/start HTTP/1.1"));
}

TEST_F(EngineSocketTest, WhatTakesNoMoreOfAProgramEndsIt) {
  serve("HTTP/1.1 101 UPGRADED\r\n\r\n" + framed(1, "rows"));
  ExecPipes pipes;
  pipes.out = [](std::string_view) -> Status { return failure(error("backup.full", "no room")); };
  pipes.said = [](std::string_view) {};
  const auto done = engine_->exec("e1", pipes, soon(), {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "backup.full");
}

TEST_F(EngineSocketTest, AProgramThatIsNotStartedIsAnError) {
  serve(http(409, R"({"message":"container web is paused"})"));
  const auto done = engine_->exec("e1", {}, soon(), {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "docker.conflict");
}

TEST_F(EngineSocketTest, AProgramIsNotWaitedForWithoutEnd) {
  serve("HTTP/1.1 101 UPGRADED\r\n\r\n");
  ExecPipes pipes;
  pipes.said = [](std::string_view) {};
  const auto done = engine_->exec("e1", pipes, soon(milliseconds(50)), {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "docker.timeout");
}

}  // namespace
}  // namespace reconciler::docker
