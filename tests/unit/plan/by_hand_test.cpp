// What somebody deployed past us is a stop, never drift.
#include "reconciler/plan/by_hand.hpp"

#include <gtest/gtest.h>

#include "reconciler/plan/planner.hpp"

namespace reconciler {
namespace {

class ByHandTest : public testing::Test {
 protected:
  ByHandTest() {
    desired.id = {"web", "production"};
    desired.tag = "v1";
    memory.current = Release{"v1", "c1", "digest", {}};
    for (const auto& [driver, name] :
         {std::pair("compose", "backend"), std::pair("compose", "worker"),
          std::pair("files", "current_tag")}) {
      Resource r;
      r.id = {driver, "thing", name};
      r.desired = "v1";
      r.observed = r.version = "v2";
      seen.resources.push_back(r);
    }
  }
  std::string found() const { return deployed_by_hand(desired, seen, memory).value_or("nothing"); }
  Desired desired;
  Observation seen;
  Memory memory;
};

TEST_F(ByHandTest, ContainersAndStateFilesAgree) {
  EXPECT_EQ(found(), "v2");
  const Plan plan = make_plan(desired, seen, memory, {});
  ASSERT_TRUE(plan.stalled);
  EXPECT_TRUE(plan.empty());
  EXPECT_EQ(plan.stalled->reason, "OperatorDeployed");
  EXPECT_EQ(
      plan.stalled->why,
      "v2 was deployed past reconciler: containers and state files agree on it, and v1 is asked "
      "for");
  EXPECT_EQ(plan.stalled->next,
            "commit tag: v2; or keep it as it is: reconciler adopt web/production; or undo it: "
            "reconciler retry web/production");
}

TEST_F(ByHandTest, OneThatDisagreesMakesItDrift) {
  for (auto& r : seen.resources) {
    r.version = "v1";
    EXPECT_EQ(found(), "nothing") << r.id.name;
    r.version = "v2";
  }
  seen.resources.pop_back();
  EXPECT_EQ(found(), "nothing") << "containers alone";
}

TEST_F(ByHandTest, ThingsThatShowNoVersionHaveNoSay) {
  seen.resources.push_back({});
  EXPECT_EQ(found(), "v2");
}

TEST_F(ByHandTest, EndsWithAChangeInGitOrByAPersonAndIsNoneOfOurOwnFailures) {
  desired.tag = "v3";
  EXPECT_EQ(found(), "nothing") << "git asks for something else";
  desired.tag = "v1";
  memory.overruled = "v2";
  EXPECT_EQ(found(), "nothing") << "a person lets us undo it";
  memory.overruled = "v1.9";
  EXPECT_EQ(found(), "v2") << "that was about another one";
  memory.unfinished = "digest of v2";
  EXPECT_EQ(found(), "v2") << "what was begun here has changed nothing of what runs";
  memory.touched = true;
  EXPECT_EQ(found(), "nothing") << "we were at it ourselves, and did not get there";
  memory.touched = false;
  memory.current.reset();
  EXPECT_EQ(found(), "nothing") << "the first deploy";
}

TEST_F(ByHandTest, WhereGitAgreesItsReleaseCountsAsDone) {
  desired.tag = "v2";
  Step release;
  release.name = "migrate";
  release.once = Once::tag;
  release.once_key = "web/production/migrate@v2";
  desired.steps = {release};
  for (auto& r : seen.resources) r.desired = "v2";
  memory.once[release.once_key] = Fate::failed;
  const Plan plan = make_plan(desired, seen, memory, {});
  EXPECT_FALSE(plan.stalled);
  EXPECT_EQ(plan.assumed.at(release.once_key), "migrate");
  EXPECT_EQ(
      plan.notices,
      (std::vector<std::string>{"migrate of v2 counts as done: v2 was deployed past reconciler"}));
  ASSERT_EQ(plan.actions.size(), 1U);
  EXPECT_EQ(plan.actions[0].work.phase, Phase::record);
}

TEST_F(ByHandTest, NothingGoesBackPastIt) {
  desired.tag = "v3";
  desired.digest = "digest of v3";
  memory.kept = true;
  const Plan plan = make_plan(desired, seen, memory, {});
  EXPECT_EQ(plan.from + " -> " + plan.to, "v2 -> v3");
  EXPECT_FALSE(plan.fallback);
  EXPECT_EQ(plan.on_failure,
            "it stops there; v1's containers are kept (v2, which runs, was not recorded here)");
  EXPECT_EQ(plan.by_hand, "v2");
}

TEST_F(ByHandTest, NothingGoesBackPastItAfterACrashInTheSwitchThatFollows) {
  desired.tag = "v3";
  desired.digest = "digest of v3";
  memory.kept = true;
  memory.unfinished = desired.digest;
  memory.touched = true;
  seen.resources[0].version = seen.resources[0].observed = "v3";
  EXPECT_EQ(make_plan(desired, seen, memory, {}).fallback, "v1");
  memory.ran_by_hand = "v2";
  const Plan plan = make_plan(desired, seen, memory, {});
  EXPECT_FALSE(plan.fallback);
  EXPECT_EQ(plan.on_failure,
            "it stops there; v1's containers are kept (v2, which ran, was not recorded here)");
}

}  // namespace
}  // namespace reconciler
