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
    plan.held = Target{"v1", "asked", "v2", "VerifyFailed", "v2 is not well", 7, {}, "v2"};
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
  EXPECT_EQ(now.why, "v2 is not well");
  EXPECT_EQ(now.next, "commit another tag; or the same again: reconciler retry web/production");
  EXPECT_TRUE(now.needs_someone());
}

TEST_F(ConditionTest, WhatFailedIsNamedOnce) {
  plan.held.reset();
  plan.actions.emplace_back();
  EXPECT_EQ(condition_of(plan, run("Stalled", "VerifyFailed")).why, "v1 is not well");
  auto last = run("Stalled", "SupplyFailed");
  last.end.message = "its image is gone";
  EXPECT_EQ(condition_of(plan, last).why, "v1: its image is gone");
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
  EXPECT_EQ(now.why, "v2 is not well; and the way back to v1: v1 is not well");
}

TEST_F(ConditionTest, SuspendedComesBeforeAllElse) {
  plan.suspended = Suspension{"anna", "moving the disks", WallTime{}, std::nullopt};
  plan.stalled = Stall{"ReleaseFailed", "why", "next"};
  const auto now = condition_of(plan, std::nullopt);
  EXPECT_EQ(now.word, "Suspended");
  EXPECT_EQ(now.reason, "Requested");
  EXPECT_EQ(now.why, "by anna since 1970-01-01T00:00:00Z: moving the disks");
  EXPECT_EQ(now.next, "reconciler resume web/production");
  EXPECT_TRUE(now.needs_someone());
}

TEST_F(ConditionTest, AClosedGateIsNamed) {
  plan.actions.emplace_back();
  plan.gates = {{"window", true, "for another hour", "", {}},
                {"protect", false, "replaces db", "reconciler approve it", {}}};
  const auto now = condition_of(plan, std::nullopt);
  EXPECT_EQ(now.word, "Blocked");
  EXPECT_EQ(now.reason, "GateClosed");
  EXPECT_EQ(now.why, "protect: replaces db");
  EXPECT_EQ(now.next, "reconciler approve it");
  EXPECT_TRUE(now.needs_someone());
  plan.left_alone = {"web (state)"};
  const auto down = condition_of(plan, std::nullopt);
  EXPECT_EQ(down.word, "Blocked");
  EXPECT_EQ(down.why,
            "protect: replaces db; and web (state) came back after having been put right 3 times: "
            "left alone");
  EXPECT_EQ(down.next,
            "reconciler approve it; what is left alone: reconciler retry web/production");
}

TEST_F(ConditionTest, DriftThatIsReportedNeedsNobody) {
  plan.held.reset();
  Action action;
  action.title = "web";
  action.reason = "environment COLOUR blue -> red";
  plan.reported = {action};
  const auto now = condition_of(plan, std::nullopt);
  EXPECT_EQ(now.word, "Ready");
  EXPECT_EQ(now.reason, "Drifted");
  EXPECT_EQ(now.why, "web: environment COLOUR blue -> red (drift: report)");
  EXPECT_EQ(now.next,
            "put it right by hand, or write drift: heal; then: reconciler plan web/production");
  EXPECT_FALSE(now.needs_someone());
}

TEST_F(ConditionTest, WhatIsDownAndOnlyReportedNeedsSomeone) {
  plan.held.reset();
  Action edited;
  edited.title = "web";
  edited.reason = "environment COLOUR blue -> red, state exited 137 -> running";
  edited.work.verb = "switch";
  edited.differences = {{"environment COLOUR", "blue", "red"}, {"state", "exited 137", "running"}};
  Action gone;
  gone.title = "worker";
  gone.reason = "not there";
  gone.work.verb = "start";
  for (const auto& action : {edited, gone}) {
    plan.reported = {action};
    const auto now = condition_of(plan, std::nullopt);
    EXPECT_EQ(now.word + "/" + now.reason, "Stalled/Drifted");
    EXPECT_EQ(now.why, action.title + ": " + action.reason + " (drift: report)");
    EXPECT_EQ(now.next,
              "put it right by hand, or write drift: heal; then: reconciler plan web/production");
    EXPECT_TRUE(now.needs_someone());
  }
}

TEST_F(ConditionTest, ARunThatSomebodyIsAtAndOneThatWasCutOff) {
  plan.held.reset();
  plan.actions.resize(3);
  RunRow last = run("", "");
  last.ended.reset();
  last.to = "v2";
  auto now = condition_of(plan, last, true);
  EXPECT_EQ(now.word + "/" + now.reason + ": " + now.why,
            "Reconciling/Progressing: run 8 is at it");
  EXPECT_EQ(now.next,
            "reconciler history web/production --run 8 --log; to end it: reconciler cancel "
            "web/production");
  now = condition_of(plan, last);
  EXPECT_EQ(now.word + "/" + now.reason + ": " + now.why,
            "Reconciling/Interrupted: run 8, to v2, was cut off; due from here: 3 actions to v1");
  EXPECT_EQ(now.next, "reconciler apply web/production; run goes on by itself");
  EXPECT_FALSE(now.needs_someone());
  plan.actions.clear();
  EXPECT_EQ(condition_of(plan, last).word, "Ready") << "it had come to its end";
}

TEST_F(ConditionTest, WhatGitDoesNotNameAnyMoreNeedsSomeone) {
  const auto now = forgotten({"web", "stage"});
  EXPECT_EQ(now.word + "/" + now.reason, "Forgotten/NotInGit");
  EXPECT_EQ(now.why, "git does not name it any more; what runs is left as it is");
  EXPECT_EQ(now.next, "put it back in git; or: reconciler remove web/stage");
  EXPECT_TRUE(now.needs_someone());
}

}  // namespace
}  // namespace reconciler
