// What no service owns: named, or put aside and removed; started again where it is to stay.
#include <gmock/gmock.h>

#include "tests/unit/docker/services/replacement.hpp"

namespace reconciler::docker {
namespace {

using testing::ElementsAre;

class Orphans : public Replacement {
 protected:
  Orphans() {
    change = [this](CompiledModel& model) {
      if (with_old) model.containers.push_back(container("old", "img:v1", "same"));
    };
    deploy("1");
    old = engine_.named("a-old-1")->id;
  }
  void deploy(const std::string& value) {
    want(value);
    for (int round = 0; round < 5 && !plan().empty(); ++round) ASSERT_TRUE(apply());
  }
  void drop_old(bool remove) {
    with_old = false;
    asked["remove_orphans"] = remove;
    want("1");
  }
  Texts calls() {
    Texts all;
    for (const auto& work : plan()) all.insert(all.end(), work.calls.begin(), work.calls.end());
    return all;
  }

  bool with_old = true;
  std::string old;
};

TEST_F(Orphans, AreNamedAndLeftAlone) {
  drop_old(false);
  EXPECT_TRUE(plan().empty());
  EXPECT_THAT(look().notices,
              ElementsAre("orphan a-old-1 (service old, running): nothing in the compose files "
                          "owns it; it stays"));
}

/// One more of a service under its own number: somebody deployed while names changed.
class OneMore : public Orphans {
 protected:
  OneMore() {
    auto one = *engine_.named("a-web-1");
    one.id = std::string(64, 'e');
    one.name = "the-web";
    engine_.containers[one.id] = one;
    memory.lineage = "lineage";
    memory.newest_attempt = 100;
  }

  Memory memory;
};

TEST_F(OneMore, OfNoRecordedVersionGoesOnceAllIsWell) {
  const auto works = plan(memory);
  ASSERT_EQ(works.size(), 1U);
  EXPECT_EQ(works[0].phase, Phase::prune);
  EXPECT_EQ(works[0].calls, (Texts{"POST /containers/stop the-web", "DELETE /containers the-web"}));
  ASSERT_TRUE(apply(memory));
  EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a-old-1:running", "a-web-1:running"}));
}

TEST_F(OneMore, ThatOthersMadeIsNamedAndStays) {
  auto& labels = engine_.named("the-web")->body.as_object()["Labels"].as_object();
  for (const char* ours : {"reconciler.lineage", "reconciler.attempt"}) labels.erase(ours);
  EXPECT_TRUE(plan().empty());
  EXPECT_THAT(look().notices,
              ElementsAre("container the-web calls itself service web and is not the one that "
                          "serves: it stays"));
}

TEST_F(OneMore, ThatServedOnceIsNamedAndStays) {
  memory.recorded_attempt = memory.newest_attempt;
  EXPECT_TRUE(plan(memory).empty());
  EXPECT_EQ(look(memory).notices.size(), 1U);
}

/// Cut as its name changed, and another version is wanted whose name is the old one again.
TEST_F(OneMore, ThatServesBesideTwoThatExchangeNamesIsTheServices) {
  const auto volumes = engine_.named("a-web-1")->anonymous;
  engine_.named("a-web-1")->state = "exited";
  engine_.named("a-web-1")->name = "a-web-1.prev";
  auto next = *engine_.named("the-web");
  next.id = std::string(64, 'f');
  next.name = "a-web-1.next";
  next.state = "created";
  engine_.containers[next.id] = next;
  engine_.named("the-web")->body.as_object()["Labels"].as_object()["reconciler.attempt"] = "99";
  want("2");
  while (!plan().empty()) ASSERT_TRUE(apply());
  EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a-old-1:running", "a-web-1:running"}));
  EXPECT_EQ(value_of("a-web-1"), "A=2");
  EXPECT_EQ(engine_.named("a-web-1")->anonymous, volumes);
}

TEST_F(Orphans, AreStoppedAtTheSwitchAndRemovedInPruneWhereItIsSaid) {
  drop_old(true);
  const auto works = plan();
  ASSERT_EQ(works.size(), 2U);
  EXPECT_EQ(works[0].phase, Phase::change);
  EXPECT_EQ(works[0].verb, "stop");
  EXPECT_EQ(works[0].calls, (Texts{"POST /containers/rename a-old-1 a-old-1.orphan",
                                   "POST /containers/stop a-old-1.orphan"}));
  EXPECT_EQ(works[1].phase, Phase::prune);
  EXPECT_EQ(works[1].calls, Texts{"DELETE /containers a-old-1.orphan"});
  EXPECT_TRUE(look().notices.empty());
  ASSERT_TRUE(apply());
  EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a-web-1:running"}));
  EXPECT_TRUE(plan().empty());
}

TEST_F(Orphans, OneThatDoesNotRunIsOnlyRemoved) {
  engine_.named("a-old-1")->state = "exited";
  drop_old(true);
  EXPECT_EQ(calls(), Texts{"DELETE /containers a-old-1"});
  ASSERT_TRUE(apply());
}

TEST_F(Orphans, APausedOneIsStoppedAllTheSame) {
  engine_.named("a-old-1")->state = "paused";
  drop_old(true);
  EXPECT_EQ(calls(),
            (Texts{"POST /containers/rename a-old-1 a-old-1.orphan",
                   "POST /containers/unpause a-old-1.orphan",
                   "POST /containers/stop a-old-1.orphan", "DELETE /containers a-old-1.orphan"}));
  ASSERT_TRUE(apply());
}

/// Cut at any call on the way out, and then wanted as it was.
TEST_F(Orphans, WhatRanBeforeRunsAgainOnTheWayBack) {
  for (const bool owned : {true, false})
    for (const bool after : {false, true})
      for (size_t n = 0;; ++n) {
        SCOPED_TRACE(testing::Message() << owned << after << n);
        drop_old(true);
        engine_.die_at(n, after);
        const bool whole = apply();
        engine_.revive();
        const bool removed = !engine_.named("a-old-1") && !engine_.named("a-old-1.orphan");
        // The version before owns it, or leaves it alone as it did.
        with_old = owned;
        asked["remove_orphans"] = false;
        deploy("1");
        if (removed && !owned) {
          EXPECT_EQ(engine_.named("a-old-1"), nullptr);
        } else {
          ASSERT_NE(engine_.named("a-old-1"), nullptr);
          EXPECT_EQ(engine_.named("a-old-1")->state, "running");
          EXPECT_EQ(engine_.named("a-old-1")->id == old, !removed);
        }
        EXPECT_TRUE(plan().empty());
        with_old = true;
        deploy("1");
        old = engine_.named("a-old-1")->id;
        if (whole) break;
      }
}

TEST_F(Orphans, OneWhoseNameWasTakenMeanwhileStaysAside) {
  engine_.named("a-old-1")->name = "a-old-1.orphan";
  engine_.named("a-old-1.orphan")->state = "exited";
  engine_.named("a-web-1")->name = "a-old-1";
  drop_old(false);
  EXPECT_THAT(look().notices,
              testing::Contains("orphan a-old-1.orphan (service old, exited): nothing in the "
                                "compose files owns it; it stays"));
}

TEST_F(Orphans, ATasksContainerAndAOneOffAreNobodysOrphans) {
  engine_.named("a-old-1")->body.as_object()["Labels"].as_object()["com.docker.compose.oneoff"] =
      "True";
  drop_old(true);
  EXPECT_TRUE(plan().empty());
  engine_.named("a-old-1")->body.as_object()["Labels"].as_object()["com.docker.compose.oneoff"] =
      "False";
  compiler_.model.resolved = JsonObject{{"services", JsonObject{{"old", JsonObject{}}}}};
  compiler_.model.key = "another";
  EXPECT_TRUE(plan().empty());
}

}  // namespace
}  // namespace reconciler::docker
