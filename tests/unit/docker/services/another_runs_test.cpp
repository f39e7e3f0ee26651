// Two containers of one service: none is started while another one runs that has no role.
#include <gmock/gmock.h>

#include "reconciler/driver/restarts.hpp"
#include "tests/unit/docker/services/go_back.hpp"

namespace reconciler::docker {
namespace {

using simulation::SimulatedContainer;
using testing::HasSubstr;

class AnotherRuns : public GoBack {
 protected:
  /// Compose 1 made it, while ours was there.
  SimulatedContainer& theirs(const std::string& state = "running") {
    SimulatedContainer one = *engine_.named("a-web-1");
    one.id = std::string(64, 'd');
    one.name = "a_web_1";
    one.state = state;
    auto& labels = one.body.as_object()["Labels"].as_object();
    labels["com.docker.compose.version"] = "1.29.2";
    for (const char* ours : {"reconciler.environment", "reconciler.lineage", "reconciler.attempt"})
      labels.erase(ours);
    return engine_.containers[std::string(64, 'd')] = one;
  }
  /// Why nothing is planned; empty: something may be.
  std::string refusal() {
    const auto seen = driver_->observe(
        {"a", "p"}, JsonObject{{"model", compiler_.model.key}, {"lineages", JsonArray{"lineage"}}},
        memory, {}, Deadline(clock_, std::chrono::seconds(1)));
    return seen ? "" : render(seen.error());
  }
  std::string state_of_web(const std::string& state) {
    auto& ours = *engine_.named("a-web-1");
    ours.state = state;
    if (state == "created") ours.started = 0;
    return refusal();
  }
};

TEST_F(AnotherRuns, NoneIsStartedBesideIt) {
  ASSERT_TRUE(apply());
  for (const std::string their : {"running", "paused", "restarting"}) {
    theirs(their);
    for (const std::string state : {"created", "exited", "paused"}) {
      const auto said = state_of_web(state);
      EXPECT_THAT(said, HasSubstr("docker.another_runs")) << their << " " << state;
      EXPECT_THAT(said, HasSubstr("container a_web_1 runs as service web, and a-web-1 is to be "
                                  "started: two at a time"));
      EXPECT_THAT(said, HasSubstr("to have a-web-1 serve: docker update --restart no a_web_1 && "
                                  "docker stop a_web_1; to keep a_web_1: docker rm a-web-1"));
    }
  }
}

TEST_F(AnotherRuns, WhatItSaysIsAWayOut) {
  ASSERT_TRUE(apply());
  theirs();
  (void)state_of_web("exited");
  engine_.containers.erase(engine_.named("a-web-1")->id);
  EXPECT_EQ(refusal(), "");
  EXPECT_TRUE(apply());
  EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a_web_1:running"}));
}

TEST_F(AnotherRuns, NothingIsAddedWhereOursGivesWayToTheNextVersionOrBackToTheOneBefore) {
  deploy("1");
  record("v1");
  const auto before = engine_.named("a-web-1")->id;
  theirs();
  want("1");
  EXPECT_EQ(refusal(), "") << "as it is wanted, and it runs";
  fail("2");
  EXPECT_EQ(value_of("a-web-1"), "A=2");
  want("1");
  EXPECT_TRUE(apply(memory));
  EXPECT_EQ(engine_.named("a-web-1")->id, before);
  EXPECT_EQ(engine_.named("a-web-1")->state, "running");
}

TEST_F(AnotherRuns, NoneIsMadeWhereTwoOthersAreAndNobodyKnowsWhichOneServes) {
  ASSERT_TRUE(apply());
  theirs();
  engine_.named("a-web-1")->name = "a-web-1-by-hand";
  const auto said = refusal();
  for (const std::string one : {"a_web_1", "a-web-1-by-hand"}) {
    EXPECT_THAT(said, HasSubstr("container " + one +
                                " runs as service web, and is not the only "
                                "one; a-web-1 is to be: two at a time"));
    EXPECT_THAT(said, HasSubstr("to keep it: docker rename " + one + " a-web-1; else: docker "));
  }
}

TEST_F(AnotherRuns, OneThatIsStoppedOrOnItsWayOutIsInNobodysWay) {
  for (const std::string state : {"exited", "removing", "dead"}) {
    SCOPED_TRACE(state);
    while (!plan().empty()) ASSERT_TRUE(apply());
    theirs(state);
    want(state);
    EXPECT_TRUE(apply());
    EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a-web-1:running", "a_web_1:" + state}));
  }
}

TEST_F(AnotherRuns, OneThatCameSinceThePlanIsNotStartedBeside) {
  ASSERT_TRUE(apply());
  engine_.named("a-web-1")->state = "exited";
  const auto works = plan();
  ASSERT_FALSE(works.empty());
  theirs();
  engine_.changes.clear();
  const Attempt attempt{std::to_string(++serial_), {"a", "p"}, "lineage", "", works.front()};
  const auto done = driver_->perform(attempt, {}, progress_, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "plan.stale");
  EXPECT_EQ(engine_.changes, Texts{});
}

/// A daemon that came back, or a person, started what was put aside for ours.
TEST_F(AnotherRuns, OneThatWasPutAsideIsStoppedBeforeOursIsStarted) {
  deploy("1");
  record("v1");
  for (const std::string aside : {".failed", ".next", ".prev"})
    for (const bool another_version : {false, true}) {
      SCOPED_TRACE(aside + (another_version ? ", of another version" : ""));
      theirs().name = "a-web-1" + aside;
      engine_.named("a-web-1")->state = "exited";
      want(another_version ? aside : value_of("a-web-1").substr(2));
      for (const auto& work : plan(memory)) {
        engine_.changes.clear();
        const Attempt attempt{std::to_string(++serial_), {"a", "p"}, "lineage", "", work};
        ASSERT_TRUE(driver_->perform(attempt, {}, progress_, {}));
        const auto started = std::ranges::find(engine_.changes, "POST /containers/start a-web-1");
        if (started == engine_.changes.end()) continue;
        EXPECT_NE(
            std::find(engine_.changes.begin(), started, "POST /containers/stop a-web-1" + aside),
            started);
      }
      EXPECT_EQ(engine_.named("a-web-1")->state, "running");
      engine_.containers.erase(std::string(64, 'd'));
    }
}

TEST_F(AnotherRuns, WhereOneIsRestartedThatWasPutAsideIsStopped) {
  ASSERT_TRUE(apply());
  theirs().name = "a-web-1.failed";
  const auto works = dynamic_cast<Restarts&>(*driver_).restart(
      {"a", "p"}, JsonObject{{"model", compiler_.model.key}}, memory, {"web"},
      Deadline(clock_, std::chrono::seconds(1)));
  ASSERT_TRUE(works);
  EXPECT_EQ(works->front().calls,
            (Texts{"POST /containers/stop a-web-1.failed", "POST /containers/stop a-web-1",
                   "POST /containers/start a-web-1"}));
}

}  // namespace
}  // namespace reconciler::docker
