// The way back comes first, and where there is none that is what is said.
#include <gmock/gmock.h>

#include "reconciler/apply/failures.hpp"
#include "tests/simulation/story.hpp"

namespace reconciler::simulation {
namespace {

class WayBack : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(story.pass());
    story.commit("v1");
    story.host.calls.clear();
  }
  std::string running() const {
    std::string all;
    for (const auto& [name, runs] : story.host.services) all += name + " " + runs.tag + ";";
    return all;
  }

  Story story{1};
};

TEST_F(WayBack, ANewerCommitDuringAFailingReleaseDoesNotEndItBeforeItsFirstStep) {
  std::stop_source newer;
  story.host.services.at("worker").up = false;  // which the way back has to mend
  story.host.cannot_release = {"v1"};
  story.host.on_call = [&](const std::string& call) {
    if (call == "release v1") newer.request_stop();
  };
  const auto done = story.pass({.newer = newer.get_token()});
  ASSERT_FALSE(done);
  EXPECT_TRUE(story.host.services.at("worker").up);
  EXPECT_EQ(running(), "backend v0;worker v0;");
  EXPECT_EQ(story.memory().target->rejected_tag, "v1");
}

TEST_F(WayBack, ANewerCommitDuringAFailingSwitchEndsNothingButItsVerify) {
  std::stop_source newer;
  int switches = 0;
  story.host.on_call = [&](const std::string& call) {
    if (call == "switch v1" && ++switches == 2) {
      story.host.cannot_switch = {"v1"};
      newer.request_stop();
    }
  };
  const auto done = story.pass({.newer = newer.get_token()});
  ASSERT_FALSE(done);
  EXPECT_EQ(switches, 2);
  EXPECT_EQ(running(), "backend v0;worker v0;");
  EXPECT_EQ(story.memory().target->rejected_tag, "v1");
  EXPECT_EQ(done.error().code, "apply.superseded");
  EXPECT_EQ(story.last_run().end.reason, "Superseded");
  EXPECT_EQ(story.last_run().to, "v0");
}

class NoWayBack : public WayBack {
 protected:
  /// An image of v0 goes while v1 is being verified.
  void SetUp() override {
    WayBack::SetUp();
    story.host.unwell = {"v1"};
    story.host.on_call = [this](const std::string& call) {
      if (call == "verify v1") story.host.cannot_restore = {"v0"};
    };
  }
  const std::string both =
      "v1 is not well: services: unwell; not undone: release of v1: what it changed stays; and "
      "the way back to v0 failed: an image of v0 is gone";
  const std::string next = "commit another tag; or the same again: reconciler retry app/production";
};

TEST_F(NoWayBack, IsStalledWithBothReasonsAtOnceAndAtEachLook) {
  for (int pass = 0; pass < 2; ++pass) {
    const auto done = story.pass();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, "rollback.failed");
    EXPECT_EQ(done.error().message, both);
    EXPECT_EQ(done.error().hint, next);
    EXPECT_FALSE(is_gone_back(done.error()));
    const auto now = story.condition();
    EXPECT_EQ(now.word + "/" + now.reason, "Stalled/RollbackFailed");
    EXPECT_EQ(now.why, both);
    EXPECT_EQ(now.next, next);
  }
}

TEST_F(NoWayBack, AnotherTagEndsIt) {
  ASSERT_FALSE(story.pass());
  story.commit("v2");
  ASSERT_TRUE(story.pass());
  EXPECT_EQ(running(), "backend v2;worker v2;");
}

TEST_F(WayBack, WhatAReleaseOfARunThatWasCutOffChangedIsSaid) {
  std::stop_source stop;
  story.host.unwell = {"v1"};
  story.host.on_call = [&](const std::string& call) {
    if (call == "release v1") stop.request_stop();
  };
  ASSERT_FALSE(story.pass({.stop = stop.get_token()}));
  const auto done = story.pass();
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().facts, testing::Contains(testing::Field(
                                      &Fact::text, "release of v1: what it changed stays")));
  const std::string why =
      "v1 is not well: services: unwell; not undone: release of v1: what it changed stays";
  EXPECT_EQ(story.condition().word, "RolledBack");
  EXPECT_EQ(story.condition().why, why);
  EXPECT_EQ(story.run(3).end.message, why);
  EXPECT_EQ(story.run(3).end.condition, "RolledBack");
}

TEST_F(WayBack, NobodyIsLeftWithHalfOfAVersionForOneWhoseReleaseFailedBefore) {
  story.host.cannot_release = {"v1"};
  ASSERT_FALSE(story.pass());
  story.commit("v2");
  std::stop_source stop;
  story.host.on_call = [&](const std::string& call) {
    if (call == "switch v2") stop.request_stop();
  };
  ASSERT_FALSE(story.pass({.stop = stop.get_token()}));
  EXPECT_EQ(running(), "backend v2;worker v0;");
  story.commit("v1");
  ASSERT_TRUE(story.pass());
  EXPECT_EQ(running(), "backend v0;worker v0;");
  const Condition now = story.condition();
  EXPECT_EQ(
      now.word + "/" + now.reason + ": " + now.why,
      "RolledBack/ReleaseFailed: v1: release failed for v1, and is not tried again by itself");
  EXPECT_EQ(story.host.calls.end(), std::ranges::find(story.host.calls, "switch v1"));
}

TEST_F(WayBack, AReleaseAfterTheSwitchThatFailsOnceNobodyWaitsForItIsGoneBackFrom) {
  story.host.releases_after = true;
  story.host.outlives = {"v1"};
  std::stop_source stop;
  story.host.on_call = [&](const std::string& call) {
    if (call == "release v1") stop.request_stop();
  };
  ASSERT_FALSE(story.pass({.stop = stop.get_token()}));
  EXPECT_EQ(running(), "backend v1;worker v1;");
  story.host.cannot_release = {"v1"};
  for (int i = 0; i < 3; ++i) (void)story.pass();
  EXPECT_EQ(running(), "backend v0;worker v0;");
  EXPECT_EQ(story.condition().word + "/" + story.condition().reason, "RolledBack/ReleaseFailed");
}

TEST_F(WayBack, HalfOfAVersionIsGoneBackFromThoughTheNextOnesReleaseFailsOnceNobodyWaitsForIt) {
  std::stop_source half;
  story.host.on_call = [&](const std::string& call) {
    if (call == "switch v1") half.request_stop();
  };
  ASSERT_FALSE(story.pass({.stop = half.get_token()}));
  ASSERT_EQ(running(), "backend v1;worker v0;");
  story.commit("v2");
  story.host.outlives = {"v2"};
  std::stop_source stop;
  story.host.on_call = [&](const std::string& call) {
    if (call == "release v2") stop.request_stop();
  };
  ASSERT_FALSE(story.pass({.stop = stop.get_token()}));
  ASSERT_EQ(running(), "backend v1;worker v0;");
  story.host.cannot_release = {"v2"};
  for (int i = 0; i < 3; ++i) (void)story.pass();
  EXPECT_EQ(running(), "backend v0;worker v0;");
  EXPECT_EQ(story.condition().word + "/" + story.condition().reason, "RolledBack/ReleaseFailed");
}

TEST_F(WayBack, WhereNothingWasSwitchedAReleaseThatFailsOnceNobodyWaitsForItLeavesAllAsItIs) {
  story.host.outlives = {"v1"};
  std::stop_source stop;
  story.host.on_call = [&](const std::string& call) {
    if (call == "release v1") stop.request_stop();
  };
  ASSERT_FALSE(story.pass({.stop = stop.get_token()}));
  story.host.cannot_release = {"v1"};
  for (int i = 0; i < 3; ++i) (void)story.pass();
  EXPECT_EQ(running(), "backend v0;worker v0;");
  EXPECT_EQ(story.condition().word + "/" + story.condition().reason, "Stalled/ReleaseFailed");
}

TEST_F(WayBack, OneThatNobodyCouldAskIsNotGoneBackFrom) {
  story.host.cannot_verify = {{"v1", error("docker.unreachable", "nobody answers").passing()}};
  const auto done = story.pass();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "docker.unreachable");
  EXPECT_EQ(running(), "backend v1;worker v1;");
  EXPECT_EQ(story.condition().word, "Reconciling");
  EXPECT_EQ(story.memory().current->tag, "v0");
  story.host.cannot_verify.clear();
  ASSERT_TRUE(story.pass());
  EXPECT_EQ(story.memory().current->tag, "v1");
}

TEST_F(WayBack, APlanThatIsStaleEndsItsVerifyAtOnce) {
  story.host.cannot_verify = {{"v1", error("plan.stale", "another Engine answers").passing()}};
  const auto done = story.pass();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "plan.stale");
  EXPECT_EQ(std::ranges::count(story.host.calls, "verify v1"), 1);
  EXPECT_EQ(running(), "backend v1;worker v1;");
}

TEST_F(WayBack, WhatAnEarlierTryReleasedStaysAtTheNextOneToo) {
  const auto not_undone =
      testing::Contains(testing::Field(&Fact::text, "release of v1: what it changed stays"));
  story.host.unwell = {"v1"};
  ASSERT_FALSE(story.pass());
  ASSERT_EQ(story.retry(), "v1");
  story.host.calls.clear();
  const auto again = story.pass();
  ASSERT_FALSE(again);
  EXPECT_THAT(story.host.calls, testing::Not(testing::Contains("release v1")));
  EXPECT_THAT(again.error().facts, not_undone);

  // What is behind the last good one is nothing that it would be without.
  story.host.unwell = {};
  ASSERT_EQ(story.retry(), "v1");
  ASSERT_TRUE(story.pass());
  story.host.unwell = {"v0"};
  const auto back = story.rollback_to("v0");
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, "verify.failed");
  EXPECT_THAT(back.error().facts,
              testing::Not(testing::Contains(testing::Field(&Fact::label, "not undone"))));
}

TEST_F(WayBack, OneThatWasGoneIsToldAsThat) {
  story.host.unwell = {"v1"};
  const auto done = story.pass();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "verify.failed");
  EXPECT_TRUE(is_gone_back(done.error()));
}

}  // namespace
}  // namespace reconciler::simulation
