// What a look takes for the project's own when the Engine changes between its answers.
#include "plugins/docker/services/look.hpp"

#include <gmock/gmock.h>

#include "tests/unit/docker/services/replacement.hpp"

namespace reconciler::docker {
namespace {

using simulation::SimulatedContainer;
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
  Status exec(const std::string& id, const ExecPipes& pipes, Deadline deadline,
              std::stop_token stop) override {
    return engine_.exec(id, pipes, deadline, std::move(stop));
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

TEST_F(LookTest, OneThatGoesBetweenTheListAndItsInspectIsNotThere) {
  engine.after = [&](const std::string& path, Answer& answer) {
    if (path.ends_with("-1/json")) answer = {404, {}, {}};  // nothing is known ahead
    if (path.starts_with("/containers/json")) {
      EXPECT_EQ(answer.body.as_array().size(), 2U);
      engine_.containers.erase(engine_.named("a-web-1")->id);
    }
  };
  EXPECT_THAT(seen(), ElementsAre("a-db-1"));
}

TEST_F(LookTest, OneThatIsMadeAnewAfterItWasAskedForByNameIsTheNewOne) {
  const std::string before = engine_.named("a-web-1")->id;
  engine.after = [&](const std::string& path, Answer& answer) {
    // As if its inspect had come before it was made anew, and the list after that.
    if (path == "/containers/a-web-1/json") answer.body.as_object()["Id"] = std::string(64, 'f');
  };
  EXPECT_THAT(seen(), ElementsAre("a-db-1", "a-web-1"));
  EXPECT_EQ(last.containers.at(1).id, before);
  EXPECT_EQ(text_at(last.containers.at(1).inspect, "Id"), before);
}

TEST_F(LookTest, WhatTheEngineSaysToANameIsNoErrorOfTheLook) {
  // 20.10 and later take the name for the beginning of an ID where nothing has the name.
  engine.after = [&](const std::string& path, Answer& answer) {
    if (path.ends_with("-1/json")) answer = {500, JsonObject{{"message", "multiple IDs"}}, {}};
  };
  EXPECT_THAT(seen(), ElementsAre("a-db-1", "a-web-1"));
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

TEST_F(LookTest, ATagBesideADigestCountsForNothing) {
  const std::string digest = "@sha256:" + std::string(64, 'd');
  engine.after = [&](const std::string& path, Answer& answer) {
    if (path != "/images/json") return;
    JsonObject& image = answer.body.as_array().at(0).as_object();
    image["RepoTags"] = JsonArray{};  // as the Engine lists one that was pulled by its digest
    image["RepoDigests"] = JsonArray{Json("img" + digest), Json("host:5000/a/img" + digest)};
  };
  seen();
  for (const std::string name :
       {"img", "img:v1", "docker.io/library/img:v1", "host:5000/a/img", "host:5000/a/img:v1"})
    EXPECT_NE(last.image_by_reference(name + digest), nullptr) << name;
  for (const std::string name : {"other:v1", "host:5000/img:v1", "host:5000/a/img:5000/a"})
    EXPECT_EQ(last.image_by_reference(name + digest), nullptr) << name;
  EXPECT_EQ(last.image_by_reference("img:v1"), nullptr);
}

TEST_F(LookTest, WhatIsKnownAndUnchangedIsNotAskedForAgain) {
  Inspected inspected;
  inspected.listening();
  Texts asked;
  engine.before = [&](const std::string& path) {
    if (path.starts_with("/containers/") && path.ends_with("/json")) asked.push_back(path);
  };
  const Scope scope{.inspected = &inspected};
  EXPECT_THAT(seen(scope), ElementsAre("a-db-1", "a-web-1"));
  EXPECT_EQ(asked.size(), 2U);
  const Json before = last.containers.at(1).inspect;
  asked.clear();
  EXPECT_THAT(seen(scope), ElementsAre("a-db-1", "a-web-1"));
  EXPECT_THAT(asked, IsEmpty());
  EXPECT_EQ(last.containers.at(1).inspect, before);

  inspected.changed(last.containers.at(1).id);
  EXPECT_THAT(seen(scope), ElementsAre("a-db-1", "a-web-1"));
  EXPECT_THAT(asked, ElementsAre("/containers/a-web-1/json"));

  // Its list says that it stopped, before its event does.
  asked.clear();
  engine_.named("a-db-1")->state = "exited";
  seen(scope);
  EXPECT_THAT(asked, ElementsAre("/containers/" + last.containers.at(0).id + "/json"));
  EXPECT_EQ(last.containers.at(0).state(), "exited");
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

/// The container of `db`, whatever it is called.
class UnderAnotherName : public LookTest {
 protected:
  Result<Json> found() {
    return inspect_container(engine_, compiler_.model.containers[0],
                             Deadline(clock_, std::chrono::seconds(1)));
  }
  std::string found_id() {
    auto there = found();
    return there ? text_at(*there, "Id") : there.error().code;
  }
  /// One more of the service.
  SimulatedContainer& beside(const std::string& name, const std::string& state) {
    auto one = *engine_.named("mine");
    one.id = std::string(64, static_cast<char>('a' + engine_.containers.size()));
    one.name = name;
    one.state = state;
    return engine_.containers[one.id] = one;
  }
  void SetUp() override {
    LookTest::SetUp();
    engine_.named("a-db-1")->name = "mine";
    id_ = engine_.named("mine")->id;
  }

  std::string id_;
};

TEST_F(UnderAnotherName, TheOnlyOneOfTheServiceIsIt) {
  EXPECT_EQ(found_id(), id_);
  engine_.named("mine")->name = "0123456789ab_a-db-1";  // Compose was cut off making it anew
  EXPECT_EQ(found_id(), id_);
  engine_.named("0123456789ab_a-db-1")->name = "a_db_1";
  EXPECT_EQ(found_id(), id_);
}

TEST_F(UnderAnotherName, OneThatHasItsNameIsItWhoeverIsBeside) {
  const auto& right = beside("a-db-1", "running");
  EXPECT_EQ(found_id(), right.id);
}

TEST_F(UnderAnotherName, WhatIsKeptBesideItIsNotIt) {
  beside("a-db-1.prev", "exited");
  EXPECT_EQ(found_id(), id_);
  beside("a-db-1.next", "created");
  EXPECT_EQ(found_id(), "docker.not_found") << "as a look has it";
  auto& label = engine_.named("mine")->body.as_object()["Labels"].as_object()["reconciler.attempt"];
  label = std::to_string(1 + std::stoi(std::string(label.as_string())));
  EXPECT_EQ(found_id(), id_) << "made after what is kept, it serves";
  engine_.named("mine")->state = "exited";
  EXPECT_EQ(found_id(), "docker.not_found") << "nobody does";
}

TEST_F(UnderAnotherName, OneThatRunsUnderNextIsYetToEarnItsName) {
  const auto& next = beside("a-db-1.next", "running");
  EXPECT_EQ(found_id(), next.id);
}

TEST_F(UnderAnotherName, OfTwoNeitherIs) {
  beside("yours", "running");
  EXPECT_EQ(found_id(), "docker.not_found");
}

TEST_F(UnderAnotherName, ATaskOrAnotherProjectsIsNot) {
  engine_.named("mine")->body.as_object()["Labels"].as_object()["com.docker.compose.oneoff"] =
      "True";
  EXPECT_EQ(found_id(), "docker.not_found");
  auto& labels = engine_.named("mine")->body.as_object()["Labels"].as_object();
  labels["com.docker.compose.oneoff"] = "False";
  EXPECT_EQ(found_id(), id_);
  labels["com.docker.compose.project"] = "other";
  EXPECT_EQ(found_id(), "docker.not_found");
}

TEST_F(UnderAnotherName, ACommandIsExecutedInIt) {
  Work work;
  work.phase = Phase::release;
  work.verb = "release";
  work.input = JsonObject{{"kind", "exec"},
                          {"service", "db"},
                          {"command", JsonArray{"dump"}},
                          {"model", compiler_.model.key}};
  const auto done = driver_->perform({"99", {"a", "p"}, "lineage", "", work}, {}, progress_, {});
  ASSERT_TRUE(done) << render(done.error());
  ASSERT_EQ(engine_.execs.size(), 1U);
  EXPECT_EQ(engine_.execs[0].container, "mine");
}

}  // namespace
}  // namespace reconciler::docker
