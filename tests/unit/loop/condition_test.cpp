// How an environment is said to be while what git asks for is rejected.
#include "reconciler/condition.hpp"

#include <gtest/gtest.h>

namespace reconciler {
namespace {

class ConditionTest : public testing::Test {
 protected:
  ConditionTest() {
    plan.environment = {"web", "production"};
    plan.to = "v1";
    plan.desired = "digest of v1";
    plan.held = Target{"v1", "asked", "v2", "VerifyFailed", "v2 is not well", 7, {}};
  }
  static RunRow run(const std::string& condition, const std::string& reason) {
    RunRow row;
    row.serial = 8;
    row.desired = "digest of v1";
    row.ended = WallTime{};
    row.end = {condition, reason, "verify.failed", "v1 is not well"};
    return row;
  }
  Plan plan;
};

TEST_F(ConditionTest, BackAndAsItShouldBe) {
  const auto now = condition_of(plan, run("Ready", "Succeeded"));
  EXPECT_EQ(now.word, "RolledBack");
  EXPECT_EQ(now.reason, "VerifyFailed");
  EXPECT_EQ(now.why, "v2: v2 is not well");
  EXPECT_EQ(now.next, "commit another tag; or the same again: reconciler retry web/production");
  EXPECT_TRUE(now.needs_someone());
}

TEST_F(ConditionTest, OnItsWayBack) {
  plan.actions.emplace_back();
  EXPECT_EQ(condition_of(plan, run("RolledBack", "VerifyFailed")).word, "Reconciling");
}

TEST_F(ConditionTest, AWayBackThatFailedStopsWithBothReasons) {
  plan.actions.emplace_back();
  const auto now = condition_of(plan, run("Stalled", "RollbackFailed"));
  EXPECT_EQ(now.word, "Stalled");
  EXPECT_EQ(now.reason, "RollbackFailed");
  EXPECT_EQ(now.why, "v2: v2 is not well; and the way back to v1: v1 is not well");
}

}  // namespace
}  // namespace reconciler
