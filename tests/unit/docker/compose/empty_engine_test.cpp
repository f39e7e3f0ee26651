#include "plugins/docker/compose/empty_engine.hpp"

#include <thread>

#include "plugins/docker/compose/recording_socket.hpp"
#include "tests/unit/docker/compose/fixture.hpp"

namespace reconciler::docker {
namespace {

using testing::ElementsAre;

class EmptyEngineTest : public testing::Test {
 protected:
  Reply ask(const std::string& method, const std::string& target, Json body = {}) {
    auto request = parse_target(method, target);
    if (!request) return {0, {}};
    request->body = std::move(body);
    return empty.answer(*request);
  }
  QuietEngine real;
  EmptyEngine empty{
      real, "1.41", {"proxy"}, {"media"}, Deadline(real.clock(), std::chrono::seconds(5))};
};

TEST_F(EmptyEngineTest, KnowsWhatItWasAskedToMakeAndNothingElse) {
  EXPECT_EQ(ask("GET", "/v1.41/networks/p_default").status, 404);
  EXPECT_EQ(
      ask("POST", "/v1.41/networks/create", parse(R"({"Name":"p_default","Labels":{"a":"b"}})"))
          .status,
      201);
  EXPECT_EQ(text_at(ask("GET", "/v1.41/networks/p_default").body, "Name"), "p_default");
  EXPECT_EQ(ask("GET", "/v1.41/volumes/p_data").status, 404);
  EXPECT_EQ(
      ask("POST", "/v1.41/containers/create?name=p-a-1", parse(R"({"Labels":{"x":"1"}})")).status,
      201);
  EXPECT_EQ(
      ask("GET",
          R"(/v1.41/containers/json?all=1&filters=%7B%22label%22%3A%7B%22x%3D1%22%3Atrue%7D%7D)")
          .body.as_array()
          .size(),
      1U);
  EXPECT_EQ(ask("GET", R"(/v1.41/containers/json?filters=%7B%22label%22%3A%5B%22x%3D2%22%5D%7D)")
                .body.as_array()
                .size(),
            0U);
  EXPECT_TRUE(real.asked.empty());
  EXPECT_FALSE(empty.refused());
}

TEST_F(EmptyEngineTest, OnlyWhatIsExternalIsAskedOfTheHost) {
  real.answers["/networks/proxy"] = JsonObject{{"Id", "real"}};
  EXPECT_EQ(text_at(ask("GET", "/v1.41/networks/proxy").body, "Id"), "real");
  EXPECT_EQ(ask("GET", "/v1.41/networks/other").status, 404);
  const auto media = ask("GET", "/v1.41/volumes/media");  // not there: a look will say so
  EXPECT_EQ(media.status, 200);
  EXPECT_EQ(text_at(media.body, "Name"), "media");
  EXPECT_THAT(real.asked, ElementsAre("GET /networks/proxy", "GET /volumes/media"));
}

TEST_F(EmptyEngineTest, ImagesAreThere) {
  EXPECT_EQ(ask("GET", "/v1.41/images/registry.local:5000/a/b:v1/json").status, 200);
}

TEST_F(EmptyEngineTest, WhatItDoesNotKnowIsRememberedByName) {
  EXPECT_EQ(ask("POST", "/v1.41/images/create?fromImage=x").status, 501);
  EXPECT_EQ(ask("PUT", "/v1.41/containers/x/archive").status, 501);
  EXPECT_EQ(empty.refused(), "POST /images/create");
}

TEST_F(EmptyEngineTest, AParameterThatWouldBeLostIsRefused) {
  EXPECT_EQ(
      ask("POST", "/v1.41/containers/create?name=a&platform=linux%2Farm64", JsonObject{}).status,
      201);
  EXPECT_EQ(empty.containers().front().platform, "linux/arm64");
  EXPECT_EQ(ask("POST", "/v1.41/containers/create?name=b&invented=1", JsonObject{}).status, 501);
  EXPECT_EQ(empty.refused(), "POST /containers/create?invented");
}

TEST_F(EmptyEngineTest, IsBounded) {
  for (int i = 0; i < 30'000 && !empty.refused(); ++i) ask("GET", "/v1.41/_ping");
  EXPECT_EQ(empty.refused(), "more than a stack may ask for");
}

TEST_F(EmptyEngineTest, ServesManyConnectionsAtOnce) {
  char name[] = "/tmp/reconciler-record-XXXXXX";
  const std::string folder = ::mkdtemp(name);
  {
    auto socket = RecordingSocket::listen(folder + "/s", empty);
    ASSERT_TRUE(socket);
    const auto engine = make_engine_socket(folder + "/s", real.clock());
    std::vector<std::jthread> threads;
    for (int i = 0; i < 50; ++i)
      threads.emplace_back([&] {
        EXPECT_TRUE(
            engine->get("/images/a/json", Deadline(real.clock(), std::chrono::seconds(10))));
      });
  }
  (void)remove_tree(folder);
}

}  // namespace
}  // namespace reconciler::docker
