// What git asks for cannot even be planned: what runs is left alone where it is good, and where it
// is half of another version the recorded one is gone back to.
#include <gmock/gmock.h>

#include "reconciler/plan/render.hpp"
#include "tests/simulation/story.hpp"

namespace reconciler::simulation {
namespace {

using testing::Contains;
using testing::Field;
using testing::HasSubstr;

class CannotPlan : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(story.pass());
    story.host.cannot_prepare = {{"v2", error("sim.broken", "v2 makes no sense")}};
  }
  /// v1 is begun, and stopped after the first of two services.
  void half_of_v1() {
    std::stop_source stop;
    story.commit("v1");
    story.host.on_call = [&](const std::string& call) {
      if (call == "switch v1") stop.request_stop();
    };
    ASSERT_FALSE(story.pass({.stop = stop.get_token()}));
    story.host.on_call = [](const std::string&) {};
    ASSERT_EQ(running(), "backend v1;worker v0;");
    story.commit("v2");
  }
  void expect_left_as_it_is(const std::string& code) {
    for (int i = 0; i < 3; ++i) {
      const auto done = story.pass();
      ASSERT_FALSE(done);
      EXPECT_EQ(done.error().code, code);
    }
    EXPECT_EQ(running(), "backend v1;worker v0;");
    EXPECT_FALSE(story.memory().target);
  }
  void expect_stays(const std::string& why) {
    expect_left_as_it_is("sim.broken");
    const auto done = story.pass();
    EXPECT_THAT(done.error().facts,
                Contains(Field(&Fact::text, "what was begun before, as it is (" + why + ")")));
  }
  std::string running() const {
    std::string all;
    for (const auto& [name, runs] : story.host.services) all += name + " " + runs.tag + ";";
    return all;
  }

  Story story{1};
};

TEST_F(CannotPlan, WhatCannotBeLookedAtIsGoneBackFromLikeWhatCannotBePlanned) {
  half_of_v1();
  story.host.cannot_prepare.clear();
  story.host.cannot_observe = {{"v2", error("image.missing", "an image of v2 may not be pulled")}};
  ASSERT_TRUE(story.pass());
  EXPECT_EQ(running(), "backend v0;worker v0;");
  const Condition now = story.condition();
  EXPECT_EQ(now.word + "/" + now.reason + ": " + now.why,
            "RolledBack/CannotPlan: v2: image.missing: an image of v2 may not be pulled");
}

TEST_F(CannotPlan, WhileHalfOfAnotherVersionRunsTheLastGoodOneIsGoneBackTo) {
  half_of_v1();
  EXPECT_THAT(render(story.seen().plan, Page{}),
              HasSubstr("  held  git asks for v2, which is not what is wanted now (CannotPlan): "
                        "sim.broken: v2 makes no sense\n"));
  const auto done = story.pass();
  ASSERT_TRUE(done) << render(done.error());
  EXPECT_TRUE(done->changed);
  EXPECT_EQ(running(), "backend v0;worker v0;");
  const auto now = story.condition();
  EXPECT_EQ(now.word + "/" + now.reason, "RolledBack/CannotPlan");
  EXPECT_EQ(now.why, "v2: sim.broken: v2 makes no sense");
  EXPECT_EQ(now.next, "commit another tag; or the same again: reconciler retry app/production");
  story.host.calls.clear();
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(story.pass());
  EXPECT_THAT(story.host.calls, testing::IsEmpty());
  story.commit("v3");
  ASSERT_TRUE(story.pass());
  EXPECT_EQ(running(), "backend v3;worker v3;");
}

TEST_F(CannotPlan, RetryTriesItOnceItCanBe) {
  half_of_v1();
  ASSERT_TRUE(story.pass());
  story.host.cannot_prepare.clear();
  EXPECT_EQ(story.retry(), "v2");
  ASSERT_TRUE(story.pass());
  EXPECT_EQ(running(), "backend v2;worker v2;");
}

TEST_F(CannotPlan, WhatRunsAndIsGoodIsLeftAlone) {
  story.commit("v2");
  ASSERT_FALSE(story.pass());
  EXPECT_EQ(running(), "backend v0;worker v0;");
  EXPECT_FALSE(story.memory().target);
}

TEST_F(CannotPlan, OnFailureHoldStays) {
  half_of_v1();
  story.spec().on_failure = OnFailure::hold;
  expect_stays("on_failure is hold");
}

TEST_F(CannotPlan, PastWhatIsIrreversibleItStays) {
  half_of_v1();
  story.spec().irreversible = {"v1"};
  expect_stays("v1 is irreversible, and its release was run since");
}

TEST_F(CannotPlan, WhatIsIrreversibleAndWasNeverBegunKeepsNothingAsItIs) {
  half_of_v1();
  story.spec().irreversible = {"v2"};
  ASSERT_TRUE(story.pass());
  EXPECT_EQ(running(), "backend v0;worker v0;");
  EXPECT_EQ(story.condition().word + "/" + story.condition().reason, "RolledBack/CannotPlan");
}

TEST_F(CannotPlan, WhatIsIrreversibleAndWasBegunStays) {
  half_of_v1();
  story.spec().irreversible = {"v2"};
  story.host.cannot_prepare.clear();
  std::stop_source stop;
  story.host.on_call = [&](const std::string& call) {
    if (call == "switch v2") stop.request_stop();
  };
  ASSERT_FALSE(story.pass({.stop = stop.get_token()}));
  story.host.on_call = [](const std::string&) {};
  const std::string half = running();
  story.host.cannot_prepare = {{"v2", error("sim.broken", "v2 makes no sense")}};
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(story.pass());
  EXPECT_EQ(running(), half);
}

TEST_F(CannotPlan, WhatMayNotBeMadeHereIsGoneBackFromLikeWhatCannotBePlanned) {
  half_of_v1();
  story.host.cannot_prepare.clear();
  const Artifacts wanted = story.seen().plan.artifacts;
  ASSERT_FALSE(wanted.empty());
  Artifacts theirs = wanted;
  for (auto& [id, inputs] : theirs) inputs = "theirs";
  ASSERT_TRUE(story.ledger().claim({"app", "stage"}, "v2", theirs));
  ASSERT_TRUE(story.pass());
  EXPECT_EQ(running(), "backend v0;worker v0;");
  EXPECT_EQ(story.condition().word + "/" + story.condition().reason, "RolledBack/CannotPlan");
  EXPECT_THAT(story.condition().why, HasSubstr("v2: image.shared: "));
}

TEST_F(CannotPlan, WhatPassesIsWaitedFor) {
  half_of_v1();
  story.host.cannot_prepare = {{"v2", error("sim.away", "nobody answers").passing()}};
  expect_left_as_it_is("sim.away");
}

TEST(CannotPlanFirst, ThereIsNothingToGoBackTo) {
  Story story(1);
  std::stop_source stop;
  story.host.on_call = [&](const std::string& call) {
    if (call == "start v0") stop.request_stop();
  };
  ASSERT_FALSE(story.pass({.stop = stop.get_token()}));
  story.host.cannot_prepare = {{"v1", error("sim.broken", "v1 makes no sense")}};
  story.commit("v1");
  const auto done = story.pass();
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().facts, Contains(Field(&Fact::text, "what was begun before, as it is")));
}

}  // namespace
}  // namespace reconciler::simulation
