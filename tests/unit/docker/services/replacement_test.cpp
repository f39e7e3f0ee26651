// Replacements against a simulated Engine: what is declared is what is done; cut anywhere, the next
// plan goes on from a look alone, with the same data.
#include "tests/unit/docker/services/replacement.hpp"

#include <utility>

namespace reconciler::docker {
namespace {

using simulation::SimulatedContainer;

TEST_F(Replacement, MakesWhatIsMissingAndThenFindsNothing) {
  ASSERT_TRUE(apply());
  EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a-web-1:running"}));
  EXPECT_TRUE(plan().empty());
}

TEST_F(Replacement, KeepsTheOldOneStoppedUntilPruneAndItsDataForEver) {
  ASSERT_TRUE(apply());
  const auto volumes = engine_.named("a-web-1")->anonymous;
  ASSERT_EQ(volumes.size(), 2U);  // the compose file's and the image's
  const auto db = engine_.named("a-db-1")->id;
  want("2");
  auto works = plan();
  ASSERT_EQ(works.size(), 2U);
  EXPECT_EQ(works[0].verb, "switch");
  EXPECT_EQ(works[1].verb, "prune");
  ASSERT_TRUE(driver_->perform({"7", {"a", "p"}, "lineage", "", works[0]}, {}, progress_, {}));
  EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a-web-1.prev:exited", "a-web-1:running"}));
  EXPECT_EQ(engine_.named("a-web-1.prev")->restart_policy, "no");
  EXPECT_EQ(engine_.named("a-web-1")->anonymous, volumes);
  EXPECT_EQ(engine_.named("a-db-1")->id, db);
  ASSERT_TRUE(driver_->perform({"8", {"a", "p"}, "lineage", "", works[1]}, {}, progress_, {}));
  EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a-web-1:running"}));
  EXPECT_TRUE(plan().empty());
}

/// `docker compose up` by a person, as a plan is carried out.
class SomebodyIsQuicker : public Replacement {
 protected:
  /// What `does` does comes right before that call.
  Error before(const std::string& call, std::function<void()> does) {
    engine_.before = [&](const std::string& made) {
      if (made == call) std::exchange(does, [] {})();
    };
    Error why;
    for (const auto& work : plan()) {
      const auto done = driver_->perform(
          {std::to_string(++serial_), {"a", "p"}, "lineage", "", work}, {}, progress_, {});
      if (!done) {
        why = done.error();
        break;
      }
    }
    engine_.before = {};
    return why;
  }
  void make(const std::string& name, const std::string& project) {
    SimulatedContainer one;
    one.id = std::string(64, 'd');
    one.name = name;
    one.body = JsonObject{{"Image", "img:v1"},
                          {"Labels", JsonObject{{"com.docker.compose.project", project},
                                                {"com.docker.compose.service", "web"},
                                                {"com.docker.compose.container-number", "1"},
                                                {"com.docker.compose.oneoff", "False"}}}};
    one.image_id = engine_.images[0].id;
    one.state = "running";
    engine_.containers[one.id] = one;
  }
};

TEST_F(SomebodyIsQuicker, WithAContainerOfTheProjectAnotherPlanGoesOn) {
  const Error why = before("POST /containers/create a-web-1", [&] { make("a-web-1", "a"); });
  EXPECT_EQ(why.code, "plan.stale");
  EXPECT_EQ(why.lasting, Lasting::transient);
  while (!plan().empty()) ASSERT_TRUE(apply());
  EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a-web-1:running"}));
}

TEST_F(SomebodyIsQuicker, WithAStrangersContainerAPersonHasToAnswer) {
  const Error why = before("POST /containers/create a-web-1", [&] { make("a-web-1", "b"); });
  EXPECT_EQ(why.code, "container.name_taken");
  EXPECT_EQ(why.lasting, Lasting::terminal);
}

TEST_F(SomebodyIsQuicker, WithANetworkItIsTheOneThatIsWanted) {
  const Error why = before("POST /networks/create a_back", [&] {
    engine_.networks["a_back"] = compiler_.model.networks[1].config;
    engine_.networks["a_back"].as_object()["Name"] = "a_back";
    engine_.networks["a_back"].as_object()["Id"] = "theirs";
  });
  EXPECT_EQ(why.code, "") << render(why);
  EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a-web-1:running"}));
}

TEST_F(Replacement, CutAtAnyCallIsContinuedFromALookAlone) {
  for (const bool after : {false, true})
    for (size_t n = 0;; ++n) {
      const auto label =
          std::string("cut ") + (after ? "after" : "before") + " call " + std::to_string(n);
      SCOPED_TRACE(label);
      engine_.revive();
      while (!plan().empty()) ASSERT_TRUE(apply());
      const auto volumes = engine_.named("a-web-1")->anonymous;
      const auto value = label;
      want(value);
      engine_.die_at(n, after);
      const bool whole = apply();
      engine_.revive();
      want(value);  // another process: nothing is remembered
      for (int round = 0; round < 3 && !plan().empty(); ++round) ASSERT_TRUE(apply());
      EXPECT_TRUE(plan().empty());
      EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a-web-1:running"}));
      EXPECT_EQ(engine_.named("a-web-1")->anonymous, volumes);
      EXPECT_EQ(value_of("a-web-1"), "A=" + value);
      if (whole) break;
    }
}

TEST_F(Replacement, CutAndThenAskedForAnotherVersionGoesThereWithTheData) {
  for (size_t n = 0; n < 9; ++n) {
    SCOPED_TRACE(n);
    engine_.revive();
    want("base " + std::to_string(n));
    while (!plan().empty()) ASSERT_TRUE(apply());
    const auto volumes = engine_.named("a-web-1")->anonymous;
    want("first " + std::to_string(n));
    engine_.die_at(n, true);
    apply();
    engine_.revive();
    want("second " + std::to_string(n));
    for (int round = 0; round < 3 && !plan().empty(); ++round) ASSERT_TRUE(apply());
    EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a-web-1:running"}));
    EXPECT_EQ(value_of("a-web-1"), "A=second " + std::to_string(n));
    EXPECT_EQ(engine_.named("a-web-1")->anonymous, volumes);
  }
}

TEST_F(Replacement, TheLastGoodOneStaysThroughFailedSwitches) {
  ASSERT_TRUE(apply());
  Memory memory;
  memory.current = Release{"v1", "c", "d", WallTime(std::chrono::seconds(engine_.now + 1))};
  engine_.now += 10;
  const auto good = engine_.named("a-web-1")->id;
  for (const auto* value : {"2", "3", "4"}) {
    want(value);
    const auto works = plan(memory);
    ASSERT_TRUE(driver_->perform({value, {"a", "p"}, "lineage", "", works[0]}, {}, progress_, {}));
    // Verify failed: nothing is pruned, the tag is not recorded.
    ASSERT_TRUE(engine_.named("a-web-1.prev"));
    EXPECT_EQ(engine_.named("a-web-1.prev")->id, good);
    EXPECT_EQ(value_of("a-web-1"), std::string("A=") + value);
  }
}

TEST_F(Replacement, AClockThatWasPutBackMakesNoFailedOneTheLastGoodOne) {
  ASSERT_TRUE(apply());
  Memory memory;
  memory.lineage = "lineage";
  memory.recorded_attempt = serial_;
  memory.current = Release{"v1", "c", "d", WallTime(std::chrono::seconds(engine_.now + 1))};
  engine_.now -= 3600;
  const auto good = engine_.named("a-web-1")->id;
  for (const auto* value : {"2", "3"}) {
    want(value);
    memory.newest_attempt = serial_;
    const Attempt attempt{
        std::to_string(++serial_), {"a", "p"}, "lineage", "", plan(memory).front()};
    ASSERT_TRUE(driver_->perform(attempt, {}, progress_, {}));
    ASSERT_TRUE(engine_.named("a-web-1.prev"));
    EXPECT_EQ(engine_.named("a-web-1.prev")->id, good);
  }
}

TEST_F(Replacement, AnUnwellOneCannotHaveItsPrevPruned) {
  compiler_.model.containers[1].config.as_object()["Healthcheck"] =
      JsonObject{{"Test", JsonArray{Json("CMD"), Json("x")}}};
  ASSERT_TRUE(apply());
  want("2");
  compiler_.model.containers[1].config.as_object()["Healthcheck"] =
      JsonObject{{"Test", JsonArray{Json("CMD"), Json("x")}}};
  engine_.healthy = false;
  const auto works = plan();
  ASSERT_TRUE(driver_->perform({"7", {"a", "p"}, "lineage", "", works[0]}, {}, progress_, {}));
  const auto pruned =
      driver_->perform({"8", {"a", "p"}, "lineage", "", works[1]}, {}, progress_, {});
  ASSERT_FALSE(pruned);
  EXPECT_EQ(pruned.error().code, "plan.stale");
  EXPECT_TRUE(engine_.named("a-web-1.prev"));
}

TEST_F(Replacement, RefusesContainersThatItWasNotPlannedOn) {
  ASSERT_TRUE(apply());
  want("2");
  const auto works = plan();
  ASSERT_TRUE(apply());  // someone else was quicker
  want("3");
  const auto done = driver_->perform({"9", {"a", "p"}, "lineage", "", works[0]}, {}, progress_, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "plan.stale");
}

TEST_F(Replacement, WhatSomebodyRemovesJustThenIsPlannedAnew) {
  ASSERT_TRUE(apply());
  want("2");
  const auto works = plan();
  engine_.before = [this](const std::string& call) {
    if (call == "POST /containers/start a-web-1") {
      engine_.before = {};
      engine_.containers.erase(std::string(engine_.named("a-web-1")->id));
    }
  };
  const auto done = driver_->perform({"9", {"a", "p"}, "lineage", "", works[0]}, {}, progress_, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "plan.stale");
  EXPECT_EQ(done.error().message, "container a-web-1 was removed by somebody else just then");
  EXPECT_EQ(done.error().lasting, Lasting::transient);
  ASSERT_TRUE(apply());
  EXPECT_EQ(value_of("a-web-1"), "A=2");
}

/// While a dependency is waited for, somebody prunes what does not run.
class Pruned : public Replacement, public Progress {
 protected:
  Pruned() {
    change = [](CompiledModel& model) {
      model.containers[0].config.as_object()["Healthcheck"] =
          JsonObject{{"Test", JsonArray{Json("CMD"), Json("x")}}};
      model.containers[1].depends_on = {{"db", "service_healthy", false, true}};
    };
    want("1");
    EXPECT_TRUE(apply());
    want("2");
  }
  void line(std::string_view text) override {
    if (!text.starts_with("waits for db")) return;
    std::erase_if(engine_.containers, [](const auto& entry) {
      return entry.second.state == "created" || entry.second.state == "exited";
    });
    engine_.named("a-db-1")->health = "healthy";
  }
  /// The change of a plan, and what is pruned in it is `name`.
  void expect_stale_without(const std::string& name) {
    const auto works = plan();
    engine_.named("a-db-1")->health = "starting";
    engine_.changes.clear();
    const auto done = driver_->perform({"9", {"a", "p"}, "lineage", "", works[0]}, {}, *this, {});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, "plan.stale");
    EXPECT_EQ(done.error().message,
              "container " + name + " was removed by somebody else just then");
    EXPECT_EQ(done.error().lasting, Lasting::transient);
    EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a-web-1:running"}));
  }
};

TEST_F(Pruned, TheNewOneIsMissedWhileTheOldOneRuns) {
  expect_stale_without("a-web-1.next");
  EXPECT_EQ(value_of("a-web-1"), "A=1");
  ASSERT_TRUE(apply());
  EXPECT_EQ(value_of("a-web-1"), "A=2");
}

TEST_F(Pruned, TheKeptOneIsMissedWhileTheNewOneRuns) {
  ASSERT_TRUE(driver_->perform({"7", {"a", "p"}, "lineage", "", plan()[0]}, {}, progress_, {}));
  want("1");
  expect_stale_without("a-web-1.prev");
  EXPECT_EQ(value_of("a-web-1"), "A=2");
  ASSERT_TRUE(apply());
  EXPECT_EQ(value_of("a-web-1"), "A=1");
}

TEST_F(Replacement, WhatStaysHalfRemovedIsSaidAndNotTriedForEver) {
  ASSERT_TRUE(apply());
  want("2");
  const auto works = plan();
  engine_.before = [this](const std::string& call) {
    if (call == "POST /containers/start a-web-1") engine_.named("a-web-1")->state = "removing";
  };
  const auto done = driver_->perform({"9", {"a", "p"}, "lineage", "", works[0]}, {}, progress_, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(
      render(done.error()),
      "error container.half_removed: container a-web-1 was to be removed, and is still there\n"
      "  engine  the Engine answers 409 to POST /containers/" +
          engine_.named("a-web-1")->id +
          "/start: container is marked for removal and cannot be started\n"
          "  next    docker rm -f a-web-1; then: reconciler apply a/p\n");
  EXPECT_EQ(done.error().lasting, Lasting::terminal);
}

TEST_F(Replacement, WhatIsBeingRemovedIsKnownForThatWhateverTheEngineAnswers) {
  ASSERT_TRUE(apply());
  want("2");
  const auto works = plan();
  bool going = false;
  engine_.before = [&](const std::string& call) {
    if (!call.starts_with("POST /containers/update ")) return;
    going = true;
    engine_.named(call.substr(call.rfind(' ') + 1))->state = "removing";
  };
  const auto done = driver_->perform({"9", {"a", "p"}, "lineage", "", works[0]}, {}, progress_, {});
  ASSERT_TRUE(going);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "container.half_removed") << render(done.error());
}

TEST_F(Replacement, WhoIsWaitedForInVainIsNamedAsItIsCalled) {
  ASSERT_TRUE(apply());
  want("2");
  engine_.named("a-db-1")->state = "restarting";
  engine_.named("a-db-1")->name = "mine";
  /// Of the switch of web alone.
  const auto hint = [&] {
    for (const auto& work : plan()) {
      if (work.phase != Phase::change || work.targets.front().text() != "compose/service/web")
        continue;
      const auto done = driver_->perform({"9", {"a", "p"}, "lineage", "", work}, {}, progress_, {});
      return done ? "done" : done.error().code + ": " + done.error().hint;
    }
    return std::string("no such work");
  };
  EXPECT_EQ(hint(), "service.dependency_unwell: docker logs mine");
  engine_.containers.erase(std::string(engine_.named("mine")->id));
  EXPECT_EQ(hint(),
            "service.dependency_unwell: "
            "docker ps -a --filter label=com.docker.compose.project=a");
}

TEST_F(Replacement, APortThatIsTakenSaysSo) {
  const auto publish = [](Container& one, const char* port) {
    one.config.as_object()["HostConfig"].as_object()["PortBindings"] =
        JsonObject{{"80/tcp", JsonArray{Json(JsonObject{{"HostIp", ""}, {"HostPort", port}})}}};
  };
  publish(compiler_.model.containers[0], "80");
  publish(compiler_.model.containers[1], "80");
  std::string code;
  for (const auto& work : plan())
    if (auto done = driver_->perform({"1", {"a", "p"}, "lineage", "", work}, {}, progress_, {});
        !done)
      code = done.error().code;
  EXPECT_EQ(code, "service.port_taken");
}

TEST_F(Replacement, AMovedDataFolderIsRefusedWithTheLineThatKeepsIt) {
  const auto bind = [](Container& one, const std::string& source) {
    one.config.as_object()["HostConfig"].as_object()["Binds"] = JsonArray{Json(source + ":/data")};
  };
  bind(compiler_.model.containers[0], "/opt/app/data");
  ASSERT_TRUE(apply());
  bind(compiler_.model.containers[0], "/state/data/a/p/data");
  compiler_.model.key = "moved";
  compiler_.model.data_folders = {"/state/data/a/p/data"};
  const auto seen = driver_->observe(
      {"a", "p"}, JsonObject{{"model", "moved"}, {"lineages", JsonArray{"lineage"}}}, {}, {},
      Deadline(clock_, std::chrono::seconds(1)));
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().code, "compose.data_moved");
  EXPECT_EQ(seen.error().facts.at(0).text,
            "environments: { a/p: { files: { data: /opt/app/data } } }");
}

TEST_F(Replacement, OneThingThatChangesIsTheOneThingThatIsNamed) {
  ASSERT_TRUE(apply());
  struct Drift {
    const char* what;
    std::function<void()> make;
    const char* field;
  };
  const std::vector<Drift> drifts = {
      {"stopped", [&] { engine_.named("a-web-1")->state = "exited"; }, "state"},
      {"paused", [&] { engine_.named("a-web-1")->state = "paused"; }, "state"},
      {"removed", [&] { engine_.containers.erase(std::string(engine_.named("a-web-1")->id)); }, ""},
      {"restart policy", [&] { engine_.named("a-web-1")->restart_policy = "no"; }, "restart"},
      {"environment",
       [&] { engine_.named("a-web-1")->body.as_object()["Env"] = JsonArray{Json("A=x")}; },
       "environment A"},
      {"network", [&] { engine_.named("a-web-1")->networks.erase("a_back"); }, "network a_back"},
  };
  for (const auto& drift : drifts) {
    SCOPED_TRACE(drift.what);
    drift.make();
    size_t named = 0;
    for (const auto& r : look().resources) {
      if (r.desired == r.observed) continue;
      ++named;
      EXPECT_EQ(r.id.text(), "compose/service/web");
      if (*drift.field) {
        ASSERT_EQ(r.differences.size(), 1U);
        EXPECT_EQ(r.differences[0].field, drift.field);
      }
    }
    EXPECT_EQ(named, 1U);
    while (!plan().empty()) ASSERT_TRUE(apply());
  }
}

}  // namespace
}  // namespace reconciler::docker
