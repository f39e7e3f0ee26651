// What a look takes for the project's own when the Engine changes between its answers.
#include "plugins/docker/services/look.hpp"

#include <gmock/gmock.h>

#include "tests/unit/docker/services/replacement.hpp"

namespace reconciler::docker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// The simulated Engine, with a word before each answer.
class Between final : public Engine {
 public:
  explicit Between(SimulatedEngine& engine) : engine_(engine) {}
  Result<Answer> call(const std::string& method, const std::string& path, const Json* body,
                      Deadline deadline, std::stop_token stop) override {
    const std::lock_guard lock(mutex_);
    before(path);
    auto answer = engine_.call(method, path, body, deadline, std::move(stop));
    if (answer) after(path, *answer);
    return answer;
  }
  Result<Answer> put_archive(const std::string& path, const std::string& tar,
                             Deadline deadline) override {
    return engine_.put_archive(path, tar, deadline);
  }
  Status stream(const std::string& method, const std::string& path, const Json* body,
                const std::function<void(std::string_view)>& on_line, Deadline deadline,
                std::stop_token stop) override {
    return engine_.stream(method, path, body, on_line, deadline, std::move(stop));
  }
  Result<std::string> api_version(Deadline deadline) override {
    return engine_.api_version(deadline);
  }
  const Clock& clock() const override { return engine_.clock(); }

  std::function<void(const std::string& path)> before = [](const std::string&) {};
  std::function<void(const std::string& path, Answer&)> after = [](const std::string&, Answer&) {};

 private:
  SimulatedEngine& engine_;
  std::mutex mutex_;
};

class LookTest : public Replacement {
 protected:
  void SetUp() override {
    while (!plan().empty()) ASSERT_TRUE(apply());
  }
  Texts seen(const Scope& scope = {}) {
    auto look =
        look_at(engine, configs, compiler_.model, scope, Deadline(clock_, std::chrono::seconds(1)));
    EXPECT_TRUE(look) << (look ? "" : render(look.error()));
    if (!look) return {};
    last = std::move(*look);
    Texts names;
    for (const auto& one : last.containers) names.push_back(one.name);
    return names;
  }

  Between engine{engine_};
  ImageConfigs configs;
  Look last;
};

TEST_F(LookTest, ThoseOfTheProjectByName) {
  EXPECT_THAT(seen(), ElementsAre("a-db-1", "a-web-1"));
  EXPECT_THAT(seen({.all = false, .services = {"web"}}), ElementsAre("a-web-1"));
}

TEST_F(LookTest, AStrangerUnderAWantedNameIsNotOurs) {
  JsonObject& labels = engine_.named("a-web-1")->body.as_object()["Labels"].as_object();
  labels["com.docker.compose.project"] = "other";
  EXPECT_THAT(seen(), ElementsAre("a-db-1"));
}

TEST_F(LookTest, OneThatGoesBeforeItIsInspectedIsNotThere) {
  engine.after = [&](const std::string& path, Answer&) {
    if (path.starts_with("/containers/json")) engine_.containers.clear();
  };
  engine.before = [&](const std::string& path) {
    // Asked for by name beside the list; here the list is first.
    if (path.ends_with("-1/json")) engine_.containers.clear();
  };
  EXPECT_THAT(seen(), IsEmpty());
}

TEST_F(LookTest, OneThatIsMadeAnewBetweenInspectAndListIsTheNewOne) {
  const auto make_anew = [&](const std::string& name) {
    auto node = engine_.containers.extract(engine_.named(name)->id);
    node.key() = std::string(64, 'f');
    node.mapped().id = node.key();
    engine_.containers.insert(std::move(node));
  };
  engine.after = [&](const std::string& path, Answer&) {
    if (path == "/containers/a-web-1/json") make_anew("a-web-1");
  };
  const auto names = seen();
  // The list was there before or after; what is looked at is what it has, or nothing.
  for (const auto& one : last.containers) EXPECT_EQ(text_at(one.inspect, "Id"), one.id);
  EXPECT_THAT(seen(), ElementsAre("a-db-1", "a-web-1"));
  EXPECT_EQ(last.containers[1].id, std::string(64, 'f'));
}

TEST_F(LookTest, AnImageThatTheListCallsOtherwiseIsAskedForByItsOwnId) {
  engine.after = [&](const std::string& path, Answer& answer) {
    if (!path.starts_with("/containers/json")) return;
    for (Json& entry : answer.body.as_array()) entry.as_object()["ImageID"] = "sha256:other";
  };
  compiler_.model.images.clear();
  seen();
  EXPECT_NE(last.image_config(last.containers.at(0).image_id()), nullptr);
  EXPECT_EQ(last.image_config("sha256:other"), nullptr);
}

TEST_F(LookTest, WhatTheEngineRefusesIsAnErrorOfTheLook) {
  engine.after = [&](const std::string& path, Answer& answer) {
    if (path.starts_with("/volumes")) answer = {500, JsonObject{{"message", "no"}}, {}};
  };
  const auto look =
      look_at(engine, configs, compiler_.model, {}, Deadline(clock_, std::chrono::seconds(1)));
  ASSERT_FALSE(look);
  EXPECT_EQ(look.error().code, "docker.error");
}

}  // namespace
}  // namespace reconciler::docker
