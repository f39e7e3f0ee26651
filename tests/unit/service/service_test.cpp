// `run`: what is due when, and what ends what.
#include "reconciler/ledger/cancel.hpp"
#include "reconciler/ledger/locks.hpp"
#include "tests/unit/service/fixture.hpp"

namespace reconciler::test {
namespace {

TEST_F(ServiceTest, WhatWasRejectedIsNotTriedAgainForTwentyPasses) {
  settle();
  EXPECT_THAT(calls(),
              ElementsAre("build v1", "switch one/production v1", "switch two/production v1"));
  host.with([](MemoryHost& h) { h.unwell = {"v2"}; });
  commit_tag("one", "v2");
  moved.pass(30min);
  settle();
  EXPECT_THAT(runs(one),
              ElementsAre("v1: Ready/Succeeded", "v2: RolledBack/VerifyFailed verify.failed",
                          "v1: Ready/Succeeded"));
  calls();
  const auto lines = log.all().size();
  const int before = looks(one);
  for (int pass = 0; pass < 20; ++pass) {
    moved.pass(61s);
    settle();
  }
  EXPECT_EQ(looks(one) - before, 20);
  EXPECT_THAT(calls(), ElementsAre());
  EXPECT_EQ(log.all().size(), lines);
  EXPECT_EQ(lanes_made, 1);

  commit_tag("one", "v3");
  moved.pass(30min);
  settle();
  EXPECT_EQ(running(one), "v3");
}

TEST_F(ServiceTest, WhatAPersonCancelledIsLeftToPeople) {
  settle();
  host.with([](MemoryHost& h) { h.hanging_builds = {"v2"}; });
  commit_tag("one", "v2");
  poll();
  ASSERT_TRUE(
      host.until([](const MemoryHost& h) { return std::ranges::count(h.calls, "build v2") == 1; }));
  ASSERT_TRUE(cancel(state, one, "anna"));
  for (int pass = 0; pass < 3; ++pass) {
    settle();
    moved.pass(61s);
  }
  EXPECT_THAT(runs(one),
              ElementsAre("v1: Ready/Succeeded", "v2: Stalled/Cancelled apply.cancelled"));
  EXPECT_EQ(running(one), "v1");
}

TEST_F(ServiceTest, ABuildThatHangsHoldsUpNoOtherAndEndsWithTheNextCommit) {
  settle();
  host.with([](MemoryHost& h) { h.hanging_builds = {"v2"}; });
  commit_tag("one", "v2");
  poll();
  ASSERT_TRUE(
      host.until([](const MemoryHost& h) { return std::ranges::count(h.calls, "build v2") == 1; }));
  commit_tag("two", "v3");
  poll();
  ASSERT_TRUE(host.until([](const MemoryHost& h) { return h.running.at(two.text()) == "v3"; }));
  EXPECT_EQ(running(one), "v1");

  commit_tag("one", "v4");
  poll();
  settle();
  EXPECT_EQ(running(one), "v4");
  EXPECT_THAT(runs(one),
              ElementsAre("v1: Ready/Succeeded", "v2: Reconciling/Superseded apply.superseded",
                          "v4: Ready/Succeeded"));
  EXPECT_THAT(log.all(), Contains("one/production: apply.superseded: v2 is not asked for as it was "
                                  "any more: ended during supply"));
  EXPECT_FALSE(ledger->memory(one)->target);
}

TEST_F(ServiceTest, ANewerTagEndsVerifyAndNothingIsRejected) {
  settle();
  calls();
  moved.jump(false);
  host.with([](MemoryHost& h) { h.unwell = {"v2", "v3"}; });
  commit_tag("one", "v2");
  poll();
  ASSERT_TRUE(host.until([](const MemoryHost& h) { return h.checks.contains("v2"); }));
  commit_tag("one", "v3");
  poll();
  moved.jump(true);
  settle();
  EXPECT_THAT(calls(), ElementsAre("build v2", "switch one/production v2", "build v3",
                                   "switch one/production v3", "switch one/production v1"));
  EXPECT_THAT(runs(one),
              ElementsAre("v1: Ready/Succeeded", "v2: Reconciling/Superseded apply.superseded",
                          "v3: RolledBack/VerifyFailed verify.failed", "v1: Ready/Succeeded"));
  EXPECT_EQ(ledger->memory(one)->target->rejected_tag, "v3");
}

TEST_F(ServiceTest, ACommitThatAsksForTheSameEndsNothing) {
  settle();
  moved.jump(false);
  host.with([](MemoryHost& h) { h.unwell = {"v2"}; });
  commit_tag("one", "v2");
  poll();
  ASSERT_TRUE(host.until([](const MemoryHost& h) { return h.checks.contains("v2"); }));
  write("one/environments/stage.yaml", "tag: v9\n");
  commit_tag("two", "v2");
  poll();
  host.with([](MemoryHost& h) { h.unwell.clear(); });
  moved.pass(1s);
  settle();
  EXPECT_THAT(runs(one), ElementsAre("v1: Ready/Succeeded", "v2: Ready/Succeeded"));
}

TEST_F(ServiceTest, AnotherFileUnderTheSameTagIsSomethingElse) {
  settle();
  moved.jump(false);
  host.with([](MemoryHost& h) { h.unwell = {"v2"}; });
  commit_tag("one", "v2");
  poll();
  ASSERT_TRUE(host.until([](const MemoryHost& h) { return h.checks.contains("v2"); }));
  write("one/compose.yaml", "services: {}\n");
  commit("another file");
  poll();
  host.with([](MemoryHost& h) { h.unwell.clear(); });
  settle();
  EXPECT_THAT(runs(one),
              ElementsAre("v1: Ready/Succeeded", "v2: Reconciling/Superseded apply.superseded",
                          "v2: Ready/Succeeded"));
}

TEST_F(ServiceTest, WhatIsHeardIsLookedAtAtOnceAndWhatItDidItselfOnceMore) {
  settle();
  calls();
  host.on_switch = [this](const std::string&) {
    service->heard({one});
    service->heard({one});
  };
  host.with([](MemoryHost& h) { h.running[one.text()] = ""; });
  moved.pass(2s);
  const int before = looks(one);
  service->heard({one});
  settle();
  EXPECT_THAT(calls(), ElementsAre("switch one/production v1"));
  // One to plan, one before it is performed, one before what was found well is recorded.
  EXPECT_EQ(looks(one) - before, 3);
  moved.pass(1s);
  settle();
  EXPECT_EQ(looks(one) - before, 4);
  moved.pass(30s);
  settle();
  EXPECT_EQ(looks(one) - before, 4);
}

TEST_F(ServiceTest, WhoHoldsAnEnvironmentIsNamedOnce) {
  settle();
  const auto lock = lock_environment(state, one, {moved, 0s, {}});
  ASSERT_TRUE(lock);
  for (int pass = 0; pass < 5; ++pass) {
    moved.pass(30min);
    settle();
  }
  const auto lines = log.all();
  const auto begins = [](const std::string& line) {
    return line.starts_with("one/production: lock.held: another run holds one/production: ") &&
           line.ends_with("; tried again until it has ended");
  };
  EXPECT_EQ(std::ranges::count_if(lines, begins), 1);
}

TEST_F(ServiceTest, ABackOffIsEndedByAnythingButItsOwnNoise) {
  settle();
  host.with([](MemoryHost& h) { h.unreachable = {one.text()}; });
  moved.pass(61s);
  settle();
  while (step() <= moved.now() + 1s) {
    moved.pass(1s);
    settle();
  }
  const Instant before = step();
  service->heard({one});
  EXPECT_EQ(step(), before);
  service->heard({});
  EXPECT_LE(step(), moved.now() + 1s);
}

TEST_F(ServiceTest, ALookThatLastsHoldsUpTheOthersForHalfASecond) {
  settle();
  host.with([](MemoryHost& h) { h.hanging_looks = {one.text()}; });
  moved.pass(61s);
  const int before = looks(one);
  const int others = looks(two);
  step();
  service->quiet_asking();
  step();
  ASSERT_TRUE(host.until([&](const MemoryHost& h) { return h.looks.at(one.text()) > before; }));
  EXPECT_EQ(step(), moved.now() + 500ms);
  EXPECT_EQ(looks(two), others);
  moved.pass(500ms);
  step();
  ASSERT_TRUE(host.until([&](const MemoryHost& h) { return h.looks.at(two.text()) > others; }));
}

TEST_F(ServiceTest, WhatCannotBeRemovedHoldsUpNoHealingAndIsTriedAgainMoreAndMoreSeldom) {
  settle();
  host.with([](MemoryHost& h) {
    h.left = {one.text()};
    h.stuck = {one.text()};
  });
  commit_tag("one", "v2");
  moved.pass(30min);
  settle();
  EXPECT_EQ(running(one), "v2");
  EXPECT_EQ(runs(one).back(), "v2: Ready/PruneFailed docker.error");
  EXPECT_THAT(log.all(), Contains(testing::StartsWith(
                             "one/production: prune.failed: v2 runs; what it does not need any "
                             "more is not all removed: docker.error: it is in use; again in ")));
  calls();
  host.with([](MemoryHost& h) { h.running[one.text()] = ""; });
  service->heard({one});
  moved.pass(2s);
  settle();
  EXPECT_THAT(calls(), ElementsAre("switch one/production v2", "remove one/production"));
  EXPECT_EQ(running(one), "v2");
  for (int minute = 0; minute < 40; ++minute) {
    moved.pass(61s);
    service->heard({one});
    settle();
  }
  const auto tried = std::ranges::count(calls(), "remove one/production");
  EXPECT_GE(tried, 2);
  EXPECT_LE(tried, 30);
  host.with([](MemoryHost& h) { h.stuck.clear(); });
  moved.pass(16min);
  settle();
  EXPECT_THAT(calls(), ElementsAre("remove one/production"));
  EXPECT_EQ(runs(one).back(), "v2: Ready/Succeeded");
}

TEST_F(ServiceTest, AStopEndsAllLanes) {
  settle();
  host.with([](MemoryHost& h) { h.hanging_builds = {"v2", "v3"}; });
  commit_tag("one", "v2");
  commit_tag("two", "v3");
  poll();
  ASSERT_TRUE(
      host.until([](const MemoryHost& h) { return std::ranges::count(h.calls, "build v2") == 1; }));
  step();
  ASSERT_TRUE(
      host.until([](const MemoryHost& h) { return std::ranges::count(h.calls, "build v3") == 1; }));
  stop.request_stop();
  service->quiet();
  EXPECT_EQ(runs(one).back(), "v2: Reconciling/Stopped apply.stopped");
  EXPECT_EQ(runs(two).back(), "v3: Reconciling/Stopped apply.stopped");
}

}  // namespace
}  // namespace reconciler::test
