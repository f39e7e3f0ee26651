// What `run` does about what other environments hold, and what people start beside.
#include "reconciler/ledger/locks.hpp"
#include "tests/unit/service/fixture.hpp"

namespace reconciler::test {
namespace {

class BesideTest : public ServiceTest {
 protected:
  /// As if another environment were supplying it, or taking it away.
  Lock hold(const std::string& tag) {
    return std::move(*lock_artifact(state, {"sim", "image", tag}, {moved}));
  }
};

TEST_F(BesideTest, WhatIsStartedBesideEndsAVerifyThatIsBegunAnew) {
  settle();
  moved.jump(false);
  host.with([](MemoryHost& h) { h.unwell = {"v2"}; });
  commit_tag("one", "v2");
  poll();
  ASSERT_TRUE(host.until([](const MemoryHost& h) { return h.checks.contains("v2"); }));
  service->heard({one});
  step();
  service->heard({one, true});
  step();
  host.with([](MemoryHost& h) { h.unwell.clear(); });
  settle();
  EXPECT_THAT(runs(one), ElementsAre("v1: Ready/Succeeded", "v2: Reconciling/Stale plan.stale",
                                     "v2: Ready/Succeeded"));
}

TEST_F(BesideTest, WhatIsStartedBesideOneThatIsHeldIsStoppedAndNothingElseIsDone) {
  settle();
  host.with([](MemoryHost& h) { h.unwell = {"v2"}; });
  write("one/reconciler.yaml",
        "on_failure: hold\nverify: { stable: 0s, timeout: 5s }\n"
        "environments: { production: { tag: v2 } }\n");
  commit("held");
  moved.pass(30min);
  settle();
  const std::vector<std::string> held{"v1: Ready/Succeeded",
                                      "v2: Stalled/VerifyFailed verify.failed"};
  EXPECT_EQ(runs(one), held);
  calls();
  host.with([](MemoryHost& h) {
    h.beside[one.text()] = "kept";
    h.unwell.clear();
  });
  service->heard({one});  // which is not said to be beside: a person is to answer first
  moved.pass(1s);
  settle();
  EXPECT_THAT(calls(), ElementsAre());
  service->heard({one, true});
  moved.pass(1s);
  settle();
  EXPECT_THAT(calls(), ElementsAre("stop kept"));
  EXPECT_EQ(runs(one).back(), "v2: Reconciling/StoppedBeside");
  EXPECT_EQ((*ledger->last_run(one))->end.reason, "VerifyFailed");
  for (int pass = 0; pass < 3; ++pass) {
    moved.pass(61s);
    settle();
  }
  EXPECT_THAT(calls(), ElementsAre());
}

TEST_F(BesideTest, WhatAnotherOneSuppliesIsTriedAgainLaterAndHoldsNoLane) {
  settle();
  {
    const Lock theirs = hold("v2");
    commit_tag("one", "v2");
    poll();
    const Instant before = moved.now();
    settle();
    EXPECT_LT(moved.now() - before, 6s);
    EXPECT_EQ(runs(one).back(), "v2: Reconciling/Retrying lock.held");
  }
  moved.pass(1s);
  settle();
  EXPECT_EQ(runs(one).back(), "v2: Ready/Succeeded");
}

TEST_F(BesideTest, WhatIsStartedBesideIsStoppedInABackOffToo) {
  settle();
  calls();
  const Lock theirs = hold("v2");
  commit_tag("one", "v2");
  poll();
  while (step() <= moved.now() + 10s) {
    moved.pass(10s);
    settle();
  }
  host.with([](MemoryHost& h) { h.beside[one.text()] = "kept"; });
  service->heard({one, true});
  moved.pass(1s);
  settle();
  EXPECT_THAT(calls(), ElementsAre("stop kept"));
  EXPECT_EQ(runs(one).back(), "v2: Reconciling/StoppedBeside");
  EXPECT_EQ((*ledger->last_run(one))->end.code, "lock.held");
  EXPECT_FALSE(ledger->memory(one)->touched);
}

TEST_F(BesideTest, WhatEndsForGoodEndsItsBackOff) {
  settle();
  {
    const Lock theirs = hold("v2");
    commit_tag("one", "v2");
    poll();
    settle();
  }
  host.with([](MemoryHost& h) { h.unwell = {"v2"}; });
  moved.pass(1s);
  settle();
  EXPECT_EQ(ledger->memory(one)->target->rejected_tag, "v2");
  moved.pass(2s);
  const int before = looks(one);
  service->heard({one});
  settle();
  EXPECT_EQ(looks(one) - before, 1);
}

TEST_F(BesideTest, WhatIsThereAlreadyIsCountedOnBeforeItIsLookedAtAgain) {
  settle();
  std::vector<bool> counted;
  host.on_look = [&](const std::string& environment) {
    if (environment == one.text())
      counted.push_back(!ledger->claims(two, {{"sim", "image", "v3"}})->empty());
  };
  host.with([](MemoryHost& h) { h.images.insert("v3"); });
  commit_tag("one", "v3");
  poll();
  settle();
  EXPECT_EQ(running(one), "v3");
  ASSERT_GE(counted.size(), 3U);
  EXPECT_FALSE(counted.at(counted.size() - 3)) << "to plan";
  EXPECT_TRUE(counted.at(counted.size() - 2)) << "before it is performed";
  EXPECT_TRUE(counted.back()) << "before it is recorded";
}

TEST_F(BesideTest, WhatIsBeingTakenAwayIsNotTakenForWhatIsThere) {
  settle();
  calls();
  host.with([](MemoryHost& h) { h.images.insert("v3"); });
  {
    const Lock theirs = hold("v3");
    commit_tag("one", "v3");
    poll();
    settle();
    EXPECT_EQ(running(one), "v1");
    host.with([](MemoryHost& h) { h.images.erase("v3"); });
  }
  moved.pass(1s);
  settle();
  EXPECT_THAT(calls(), ElementsAre("build v3", "switch one/production v3"));
}

}  // namespace
}  // namespace reconciler::test
