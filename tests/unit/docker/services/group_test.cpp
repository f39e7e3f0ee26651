// Containers that can only change together: forward, and cut at any call.
#include "plugins/docker/services/group.hpp"

#include "plugins/docker/services/names.hpp"
#include "tests/unit/docker/services/replacement.hpp"

namespace reconciler::docker {
namespace {

Json& host_of(Container& one) {
  return one.config.as_object()["HostConfig"];
}

/// Another service of the stack, with the namespace of `web`.
Container borrower() {
  Container side = container("side", "img:v1", "same");
  side.endpoints.clear();
  host_of(side).as_object()["NetworkMode"] = "container:@service:web:1";
  return side;
}

class Groups : public Replacement {
 protected:
  /// Deploys one value, cuts the switch to the next at each call in turn, and goes on.
  void cut_everywhere(const std::function<void()>& check) {
    for (const bool after : {false, true})
      for (size_t n = 0;; ++n) {
        const auto value =
            std::string("cut ") + (after ? "after" : "before") + " call " + std::to_string(n);
        SCOPED_TRACE(value);
        engine_.revive();
        for (int round = 0; round < 4 && !plan().empty(); ++round) ASSERT_TRUE(apply());
        want(value);
        engine_.die_at(n, after);
        const bool whole = apply();
        engine_.revive();
        want(value);
        for (int round = 0; round < 4 && !plan().empty(); ++round) ASSERT_TRUE(apply());
        EXPECT_TRUE(plan().empty());
        for (const auto& name : engine_.names()) EXPECT_TRUE(name.ends_with("-1:running")) << name;
        EXPECT_EQ(value_of("a-web-1"), "A=" + value);
        check();
        if (whole) break;
      }
  }

  std::string lender_of(const std::string& name) {
    return text_at(member_or_null(engine_.named(name)->body, "HostConfig"), "NetworkMode");
  }
};

TEST_F(Groups, WhoBorrowsIsReplacedInTheSameAction) {
  change = [](CompiledModel& model) { model.containers.push_back(borrower()); };
  want("1");
  ASSERT_TRUE(apply());
  want("2");
  const auto works = plan();
  ASSERT_EQ(works[0].targets.size(), 2U);
  EXPECT_EQ(works[0].targets[0].name, "web");
  EXPECT_EQ(works[0].targets[1].name, "side");
  EXPECT_EQ(works[0].anew, works[0].targets);
  EXPECT_EQ(
      works[0].calls,
      (Texts{"POST /containers/create a-web-1.next", "POST /networks/connect a_back a-web-1.next",
             "POST /containers/create a-side-1.next", "POST /containers/stop a-side-1",
             "POST /containers/stop a-web-1", "POST /containers/rename a-web-1 a-web-1.prev",
             "POST /containers/rename a-web-1.next a-web-1",
             "POST /containers/rename a-side-1 a-side-1.prev",
             "POST /containers/rename a-side-1.next a-side-1",
             "POST /containers/update a-web-1.prev", "POST /containers/start a-web-1",
             "POST /containers/update a-side-1.prev", "POST /containers/start a-side-1"}));
  ASSERT_TRUE(apply());
  EXPECT_EQ(lender_of("a-side-1"), "container:" + engine_.named("a-web-1")->id);
  // Compose's hash is of the real id.
  EXPECT_NE(text_at(member_or_null(engine_.named("a-side-1")->body, "Labels"), label::config_hash)
                .find(engine_.named("a-web-1")->id),
            std::string::npos);
}

TEST_F(Groups, CutAnywhereTheBorrowerEndsWithItsLender) {
  change = [](CompiledModel& model) { model.containers.push_back(borrower()); };
  want("1");
  cut_everywhere(
      [this] { EXPECT_EQ(lender_of("a-side-1"), "container:" + engine_.named("a-web-1")->id); });
}

TEST_F(Groups, ABorrowerThatIsOlderThanItsLendersStartIsRestarted) {
  change = [](CompiledModel& model) { model.containers.push_back(borrower()); };
  want("1");
  ASSERT_TRUE(apply());
  engine_.named("a-web-1")->started = ++engine_.now;  // `docker restart` by a person
  const auto works = plan();
  ASSERT_EQ(works.size(), 1U);
  EXPECT_EQ(works[0].verb, "restart");
  EXPECT_TRUE(works[0].anew.empty()) << "it stays the container that it is";
  EXPECT_EQ(works[0].calls,
            (Texts{"POST /containers/stop a-side-1", "POST /containers/start a-side-1"}));
  ASSERT_TRUE(apply());
  EXPECT_TRUE(plan().empty());
}

TEST_F(Groups, AStoppedLenderIsStartedWithItsBorrower) {
  change = [](CompiledModel& model) { model.containers.push_back(borrower()); };
  want("1");
  ASSERT_TRUE(apply());
  engine_.named("a-web-1")->state = "exited";
  const auto works = plan();
  ASSERT_EQ(works.size(), 1U);
  EXPECT_EQ(works[0].calls,
            (Texts{"POST /containers/stop a-side-1", "POST /containers/start a-web-1",
                   "POST /containers/start a-side-1"}));
  ASSERT_TRUE(apply());
  EXPECT_TRUE(plan().empty());
}

TEST_F(Groups, AChangedNetworkTakesAllThatAreOnItAlong) {
  const auto front = [](const std::string& kind) {
    return [kind](CompiledModel& model) {
      model.networks[1].config.as_object()["Labels"].as_object()["kind"] = kind;
      model.containers[0].endpoints.pop_back();  // db is on the other one alone
    };
  };
  change = front("one");
  want("1");
  ASSERT_TRUE(apply());
  const auto db = engine_.named("a-db-1")->id;
  change = front("two");
  want("1");
  const auto works = plan();
  ASSERT_FALSE(works.empty());
  EXPECT_EQ(works[0].targets[0].kind, "network");
  EXPECT_EQ(
      works[0].calls,
      (Texts{"POST /containers/create a-web-1.next", "POST /networks/connect a_back a-web-1.next",
             "POST /containers/stop a-web-1", "DELETE /networks a_back",
             "POST /networks/create a_back", "POST /containers/rename a-web-1 a-web-1.prev",
             "POST /containers/rename a-web-1.next a-web-1", "POST /containers/update a-web-1.prev",
             "POST /containers/start a-web-1"}));
  const auto done = driver_->perform({"7", {"a", "p"}, "lineage", "", works[0]}, {}, progress_, {});
  ASSERT_TRUE(done) << render(done.error());
  const Json& before = member_or_null(done->evidence, "networks_before");
  EXPECT_TRUE(member(member_or_null(before, "a_back"), "definition"));
  EXPECT_TRUE(member(member_or_null(member_or_null(before, "a_back"), "users"), "a-web-1"));
  while (!plan().empty()) ASSERT_TRUE(apply());
  EXPECT_EQ(engine_.named("a-db-1")->id, db);
}

TEST_F(Groups, AStrangerWhoJoinsANetworkAfterThePlanStopsNobody) {
  change = [](CompiledModel& model) {
    model.networks[1].config.as_object()["Labels"].as_object()["kind"] = "one";
  };
  want("1");
  ASSERT_TRUE(apply());
  change = [](CompiledModel& model) {
    model.networks[1].config.as_object()["Labels"].as_object()["kind"] = "two";
  };
  want("1");
  const auto works = plan();
  simulation::SimulatedContainer stranger;
  stranger.id = "stranger";
  stranger.name = "stranger";
  stranger.state = "running";
  stranger.networks["a_back"] = JsonObject{};
  engine_.containers["stranger"] = stranger;
  const auto done = driver_->perform({"7", {"a", "p"}, "lineage", "", works[0]}, {}, progress_, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "network.in_use");
  EXPECT_EQ(engine_.named("a-web-1")->state, "running");
  EXPECT_EQ(engine_.named("a-db-1")->state, "running");
}

/// The kept containers of a chain of three go in prune, each.
TEST_F(Groups, AChainOfLendersLeavesNothingBehind) {
  change = [](CompiledModel& model) {
    model.containers.push_back(borrower());
    Container tail = container("tail", "img:v1", "same");
    tail.endpoints.clear();
    host_of(tail).as_object()["NetworkMode"] = "none";
    host_of(tail).as_object()["PidMode"] = "container:@service:side:1";
    model.containers.push_back(std::move(tail));
  };
  want("1");
  ASSERT_TRUE(apply());
  want("2");
  ASSERT_TRUE(apply());
  EXPECT_TRUE(plan().empty());
  EXPECT_EQ(engine_.names(),
            (Texts{"a-db-1:running", "a-side-1:running", "a-tail-1:running", "a-web-1:running"}));
}

/// A switch to another `container_name` that was cut, and then the old one again: the same data.
TEST_F(Groups, AChangedNameAndBackKeepsTheData) {
  for (size_t n = 0; n < 8; ++n) {
    SCOPED_TRACE(n);
    engine_.revive();
    change = [](CompiledModel&) {};
    want("old " + std::to_string(n));
    for (int round = 0; round < 4 && !plan().empty(); ++round) ASSERT_TRUE(apply());
    const auto volumes = engine_.named("a-web-1")->anonymous;
    change = [](CompiledModel& model) { model.containers[1].name = "other-name"; };
    want("new " + std::to_string(n));
    engine_.die_at(n, true);
    apply();
    engine_.revive();
    change = [](CompiledModel&) {};
    want("old again " + std::to_string(n));
    for (int round = 0; round < 4 && !plan().empty(); ++round) ASSERT_TRUE(apply());
    EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a-web-1:running"}));
    EXPECT_EQ(engine_.named("a-web-1")->anonymous, volumes);
  }
}

TEST_F(Groups, DependsOnWithRestartStopsAndStartsTheDependent) {
  change = [](CompiledModel& model) {
    Container late = container("late", "img:v1", "same");
    late.depends_on = {{"web", "service_started", true, true}};
    model.containers.push_back(std::move(late));
  };
  want("1");
  ASSERT_TRUE(apply());
  const auto late = engine_.named("a-late-1")->id;
  want("2");
  const auto works = plan();
  EXPECT_EQ(
      works[0].calls,
      (Texts{"POST /containers/create a-web-1.next", "POST /networks/connect a_back a-web-1.next",
             "POST /containers/stop a-late-1", "POST /containers/stop a-web-1",
             "POST /containers/rename a-web-1 a-web-1.prev",
             "POST /containers/rename a-web-1.next a-web-1", "POST /containers/update a-web-1.prev",
             "POST /containers/start a-web-1", "POST /containers/start a-late-1"}));
  cut_everywhere([&] { EXPECT_EQ(engine_.named("a-late-1")->id, late); });
}

TEST_F(Groups, FilesAreCopiedBeforeTheFirstStartWhereverItWasCut) {
  change = [](CompiledModel& model) {
    Container& web = model.containers[1];
    const auto content = texts_at(web.config, "Env").front();  // another with each version
    web.files = {{"/etc/cfg", 0444, 0, 0, content, false}};
    web.config.as_object()["Labels"].as_object()[files_label] =
        digest_of_files(web.files, installation_key);
  };
  want("1");
  cut_everywhere([this] {
    ASSERT_EQ(engine_.named("a-web-1")->files.size(), 1U);
    EXPECT_EQ(engine_.named("a-web-1")->files[0].content, value_of("a-web-1"));
  });
}

TEST_F(Groups, HooksAreRunUntilTheyAreThroughWhereverItWasCut) {
  change = [](CompiledModel& model) {
    Container& web = model.containers[1];
    const auto value = texts_at(web.config, "Env").front();  // another with each version
    web.post_start = {JsonObject{{"Cmd", JsonArray{Json("first"), Json(value)}}},
                      JsonObject{{"Cmd", JsonArray{Json("second"), Json(value)}}}};
    web.config.as_object()["Labels"].as_object()[hooks_label] =
        digest_of_hooks(web, installation_key);
  };
  want("1");
  cut_everywhere([this] {
    const auto value = value_of("a-web-1");
    for (const std::string& which : Texts{"first", "second"})
      EXPECT_TRUE(std::ranges::any_of(engine_.execs,
                                      [&](const auto& run) {
                                        return texts_at(run.body, "Cmd") == Texts{which, value};
                                      }))
          << which << " " << value;
  });
}

TEST_F(Groups, AHookThatChangesAloneIsRun) {
  const auto with = [](const std::string& command) {
    return [command](CompiledModel& model) {
      Container& web = model.containers[1];
      web.post_start = {JsonObject{{"Cmd", JsonArray{Json(command)}}}};
      web.config.as_object()["Labels"].as_object()[hooks_label] =
          digest_of_hooks(web, installation_key);
    };
  };
  change = with("one");
  want("1");
  ASSERT_TRUE(apply());
  EXPECT_TRUE(plan().empty());
  change = with("two");
  want("1");
  const auto works = plan();
  ASSERT_FALSE(works.empty());
  EXPECT_EQ(works[0].verb, "switch");
  ASSERT_TRUE(apply());
  EXPECT_EQ(texts_at(engine_.execs.back().body, "Cmd"), Texts{"two"});
  EXPECT_TRUE(plan().empty());
}

TEST_F(Groups, OneMoreReplicaThanAskedForGoesInPrune) {
  change = [](CompiledModel& model) {
    Container second = container("web", "img:v1", "same");
    second.number = 2;
    second.name = "a-web-2";
    second.config.as_object()["Labels"].as_object()["com.docker.compose.container-number"] = "2";
    model.containers.push_back(std::move(second));
    model.resolved = JsonObject{{"services", JsonObject{{"web", JsonObject{}}}}};
  };
  want("1");
  ASSERT_TRUE(apply());
  EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a-web-1:running", "a-web-2:running"}));
  change = [](CompiledModel& model) {
    model.resolved = JsonObject{{"services", JsonObject{{"web", JsonObject{}}}}};
  };
  want("1");
  const auto works = plan();
  ASSERT_EQ(works.size(), 1U);
  EXPECT_EQ(works[0].verb, "prune");
  ASSERT_TRUE(apply());
  EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a-web-1:running"}));
}

}  // namespace
}  // namespace reconciler::docker
