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
    row.started = WallTime{std::chrono::seconds(10)};
    row.ended = WallTime{std::chrono::seconds(20)};
    row.end = {condition, reason, "verify.failed", "v1 is not well"};
    return row;
  }
  static Action switched(const std::string& title, const std::string& reason) {
    Action action;
    action.title = title;
    action.reason = reason;
    action.work.verb = "switch";
    action.work.phase = Phase::change;
    return action;
  }
  static std::optional<WallTime> at(int seconds) { return WallTime{std::chrono::seconds(seconds)}; }
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

TEST_F(ConditionTest, WhatIsDueIsNamed) {
  plan.held.reset();
  plan.from = "v0";
  plan.actions = {switched("web", "image v0 -> v1")};
  EXPECT_EQ(condition_of(plan, std::nullopt).why, "v0 -> v1: 1 service to switch");
  plan.from = "v1";
  plan.actions = {switched("web", "not there")};
  plan.actions.back().work.verb = "start";
  plan.actions.emplace_back().work.phase = Phase::verify;
  const auto down = condition_of(plan, run("Ready", "Succeeded"));
  EXPECT_EQ(down.word + "/" + down.reason + ": " + down.why,
            "Reconciling/Due: start web: not there");
  plan.actions.push_back(switched("db", "state exited 137 -> running"));
  plan.actions.push_back(switched("cache", "not there"));
  EXPECT_EQ(condition_of(plan, std::nullopt).why,
            "start web: not there; switch db: state exited 137 -> running; and 1 more");
}

TEST_F(ConditionTest, SinceWhenIsSaidWhereItIsKnown) {
  plan.held->at = *at(5);
  EXPECT_EQ(condition_of(plan, run("Ready", "Succeeded")).since, at(5)) << "gone back from";
  plan.held.reset();
  EXPECT_EQ(condition_of(plan, run("Ready", "Succeeded")).since, at(20)) << "well since its run";
  EXPECT_EQ(condition_of(plan, std::nullopt).since, std::nullopt);
  plan.actions = {switched("web", "not there")};
  EXPECT_EQ(condition_of(plan, run("Ready", "Succeeded")).since, std::nullopt)
      << "nobody knows when it went down";
  EXPECT_EQ(condition_of(plan, run("Stalled", "VerifyFailed")).since, at(20));
  RunRow open = run("", "");
  open.ended.reset();
  EXPECT_EQ(condition_of(plan, open, true).since, at(10)) << "at it";
  plan.actions.clear();
  plan.reported = {switched("web", "not there")};
  EXPECT_EQ(condition_of(plan, run("Ready", "Succeeded")).since, std::nullopt) << "drifted";
  plan.suspended = Suspension{"anna", "moving the disks", *at(3), std::nullopt};
  EXPECT_EQ(condition_of(plan, run("Ready", "Succeeded")).since, at(3));
}

TEST_F(ConditionTest, WhatRanBeforeIsAWayOutOfOneThatIsNotWell) {
  plan.held.reset();
  plan.from = "v0";
  plan.actions = {switched("web", "image v0 -> v1")};
  EXPECT_EQ(
      condition_of(plan, run("Stalled", "VerifyFailed")).next,
      "reconciler history web/production --run 8 --log; once that is mended: reconciler apply "
      "web/production; another version: reconciler rollback web/production");
  EXPECT_EQ(
      condition_of(plan, run("Stalled", "SupplyFailed")).next,
      "reconciler history web/production --run 8 --log; once that is mended: reconciler apply "
      "web/production")
      << "it did not come to run";
  EXPECT_EQ(condition_of(plan, run("Stalled", "ReleaseTimeout")).next,
            "reconciler history web/production --run 8 --log; once it has ended: reconciler apply "
            "web/production");
  plan.from.clear();
  EXPECT_EQ(
      condition_of(plan, run("Stalled", "VerifyFailed")).next,
      "reconciler history web/production --run 8 --log; once that is mended: reconciler apply "
      "web/production")
      << "there is none";
}

TEST_F(ConditionTest, WhatAPersonWentBackFromEndsAsRollbackSays) {
  plan.held->reason = "Requested";
  EXPECT_EQ(condition_of(plan, run("Ready", "Succeeded")).next,
            "commit v1, or another tag; or v2 again: reconciler retry web/production");
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

TEST_F(ConditionTest, ASettingOfWhatRunsNeedsNobody) {
  plan.held.reset();
  Action policy = switched("web", "restart no -> always");
  policy.work.verb = "start";
  policy.differences = {{"restart", "no", "always"}};
  plan.reported = {policy};
  const auto now = condition_of(plan, std::nullopt);
  EXPECT_EQ(now.word + "/" + now.reason, "Ready/Drifted");
  EXPECT_FALSE(now.needs_someone());
}

TEST_F(ConditionTest, WhatIsDownAndOnlyReportedNeedsSomeone) {
  plan.held.reset();
  Action edited = switched("web", "environment COLOUR blue -> red, state exited 137 -> running");
  edited.differences = {{"environment COLOUR", "blue", "red"}, {"state", "exited 137", "running"}};
  Action gone = switched("worker", "not there");
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
  plan.actions = {switched("web", "image v2 -> v1"), switched("worker", "image v2 -> v1")};
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
            "Reconciling/Interrupted: run 8, to v2, was cut off; due from here: v1: 2 services to "
            "switch");
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
