// A part of a plan was performed because a person asked for that part: nothing of the rest counts
// as done, nobody but a person goes on, and what fails in it is gone back from as ever.
#include "reconciler/plan/cut.hpp"

#include <gmock/gmock.h>

#include "reconciler/apply/failures.hpp"
#include "tests/simulation/story.hpp"

namespace reconciler::simulation {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

class CutLoop : public testing::Test {
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
  std::string how() {
    const auto now = story.condition();
    return now.word + "/" + now.reason + ": " + now.why;
  }
  /// Neither `run` nor a second look does anything.
  void nobody_goes_on() {
    const auto calls = story.host.calls;
    const auto done = story.pass();
    ASSERT_TRUE(done);
    EXPECT_TRUE(done->declined);
    EXPECT_EQ(story.host.calls, calls);
  }
  void ends_well() {
    const auto done = story.apply();
    ASSERT_TRUE(done) << render(done.error());
    EXPECT_EQ(story.memory().current->tag, "v1");
    EXPECT_EQ(story.host.current_tag, "v1");
    EXPECT_EQ(running(), "backend v1;worker v1;");
    EXPECT_EQ(how(), "Ready/Succeeded: ");
    EXPECT_TRUE(story.seen().plan.empty());
    EXPECT_THAT(story.host.released, ElementsAre("v0", "v1"));
  }

  Story story{1};
};

TEST_F(CutLoop, UntilSwitchAVersionRunsThatNobodyVerified) {
  ASSERT_TRUE(story.apply({Phase::change, {}}));
  EXPECT_EQ(running(), "backend v1;worker v1;");
  EXPECT_THAT(story.host.calls, Not(Contains("verify v1")));
  EXPECT_EQ(story.memory().current->tag, "v0");
  EXPECT_EQ(story.host.current_tag, "v0");
  const RunEnd end = story.last_run().end;
  EXPECT_EQ(end.condition + "/" + end.reason + " " + end.code + ": " + end.message,
            "Stalled/CutShort apply.cut: v1 runs, neither verified nor recorded (--until switch)");
  EXPECT_EQ(how(), "Stalled/CutShort: v1 runs, neither verified nor recorded (--until switch)");
  EXPECT_EQ(story.condition().next, "reconciler apply app/production, which goes on from there");
  nobody_goes_on();
  ends_well();
}

TEST_F(CutLoop, WherePartsEndEachApplyGoesOn) {
  for (const Phase phase :
       {Phase::supply, Phase::start, Phase::release, Phase::change, Phase::verify}) {
    ASSERT_TRUE(story.apply({phase, {}}));
    EXPECT_EQ(story.memory().current->tag, "v0") << to_text(phase);
    EXPECT_EQ(story.condition().reason, "CutShort") << to_text(phase);
    nobody_goes_on();
  }
  ends_well();
}

TEST_F(CutLoop, UntilSupplyNothingThatRunsIsTouched) {
  ASSERT_TRUE(story.apply({Phase::supply, {}}));
  EXPECT_EQ(running(), "backend v0;worker v0;");
  EXPECT_EQ(how(), "Stalled/CutShort: v1 is supplied, and not begun (--until supply)");
  EXPECT_FALSE(story.memory().touched);
  ends_well();
}

TEST_F(CutLoop, AReleaseThatWasLeftOutRunsLaterOnce) {
  ASSERT_TRUE(story.apply({{}, {"release"}}));
  EXPECT_EQ(running(), "backend v1;worker v1;");
  EXPECT_THAT(story.host.calls, Contains("verify v1"));
  EXPECT_THAT(story.host.released, ElementsAre("v0"));
  EXPECT_EQ(story.memory().current->tag, "v0");
  EXPECT_EQ(how(),
            "Stalled/CutShort: v1 runs and was well, and is not recorded; release is left out, and "
            "stays due (--skip release)");
  nobody_goes_on();
  ends_well();
}

TEST_F(CutLoop, NothingIsRecordedThatNothingCalledWell) {
  story.check("site");
  EXPECT_EQ(story.apply({{}, {"site"}}).error().code, "cut.last_check");
  EXPECT_THAT(story.host.calls, IsEmpty());
}

TEST_F(CutLoop, WhatFailsBeforeTheCutIsGoneBackFromWhole) {
  story.host.cannot_release = {"v1"};
  const auto done = story.apply({Phase::change, {}});
  ASSERT_FALSE(done);
  EXPECT_TRUE(is_gone_back(done.error())) << render(done.error());
  EXPECT_EQ(running(), "backend v0;worker v0;");
  EXPECT_EQ(story.condition().word, "RolledBack");
  EXPECT_TRUE(story.seen().plan.empty());
}

TEST_F(CutLoop, WhatFailsAfterItIsGoneBackFromToo) {
  story.host.unwell = {"v1"};
  ASSERT_TRUE(story.apply({Phase::change, {}}));
  EXPECT_EQ(running(), "backend v1;worker v1;");
  const auto done = story.apply();
  ASSERT_FALSE(done);
  EXPECT_TRUE(is_gone_back(done.error())) << render(done.error());
  EXPECT_EQ(running(), "backend v0;worker v0;");
}

TEST_F(CutLoop, AnotherCommitEndsIt) {
  ASSERT_TRUE(story.apply({Phase::change, {}}));
  story.commit("v2");
  ASSERT_TRUE(story.pass());
  EXPECT_EQ(running(), "backend v2;worker v2;");
  EXPECT_EQ(story.memory().current->tag, "v2");
}

TEST_F(CutLoop, WhatIsShownIsWhatIsPerformed) {
  story.host.calls.clear();
  const auto done = story.apply({Phase::release, {}});
  ASSERT_TRUE(done);
  std::vector<std::string> planned;
  for (const auto& action : done->done.plan.actions) planned.push_back(action.work.verb + " v1");
  EXPECT_EQ(story.host.calls, planned);
  EXPECT_EQ(story.last_run().plan_id, done->done.plan.id);
}

}  // namespace
}  // namespace reconciler::simulation
