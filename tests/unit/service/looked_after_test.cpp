// `run`: what runs is looked after while what is new waits, failed, or cannot be had; and what
// somebody else did meanwhile is not undone.
#include "tests/unit/service/fixture.hpp"

namespace reconciler::test {
namespace {

class LookedAfter : public ServiceTest {
 protected:
  /// v1 runs, and v2 waits for a person.
  void asks_for_an_approval() {
    settle();
    write("one/reconciler.yaml",
          "verify: { stable: 0s, timeout: 2h }\n"
          "environments: { production: { tag: v2, approval: required } }\n");
    commit("asks for an approval");
    moved.pass(30min);
    settle();
  }
  /// Somebody begins that version, for a commit that cannot be fetched here any more.
  RunId begins_what_is_newer(const std::string& to) {
    EXPECT_EQ(::rename(remote.c_str(), (remote + ".away").c_str()), 0);
    moved.pass(5s);
    host.with([&](MemoryHost& h) { h.running[one.text()] = to; });
    RunStart start;
    start.id = one;
    start.from = "v1";
    start.to = to;
    start.desired = "of " + to;
    start.config_commit = "beefbeef";
    start.who = "anna";
    return *ledger->begin_run(start);
  }
  /// The next pass leaves it as it is, and says why.
  void is_left_as_it_is(const std::string& to) {
    moved.pass(61s);
    settle();
    EXPECT_EQ(running(one), to);
    EXPECT_THAT(log.all(), Contains(testing::HasSubstr("has worked for commit beefbee since git")));
  }
};

TEST_F(LookedAfter, WhileANewVersionCannotBeBuiltTheOldOneIsLookedAfter) {
  settle();
  host.with([](MemoryHost& h) { h.broken_builds = {"v2"}; });
  commit_tag("one", "v2");
  moved.pass(30min);
  settle();
  calls();
  host.with([](MemoryHost& h) { h.running[one.text()].clear(); });
  moved.pass(61s);
  settle();
  EXPECT_EQ(running(one), "v1");
  // What failed is not tried again for it.
  moved.pass(61s);
  settle();
  EXPECT_THAT(calls(), ElementsAre("switch one/production v1"));
  EXPECT_THAT(runs(one),
              ElementsAre("v1: Ready/Succeeded", "v2: Stalled/SupplyFailed image.build_failed",
                          "v1: Ready/Healed"));
  EXPECT_EQ(ledger->memory(one)->current->tag, "v1");
}

TEST_F(LookedAfter, WhatFailedHalfWayAndIsHeldThereIsNotTakenBackByWhatWasRecorded) {
  settle();
  host.with([](MemoryHost& h) { h.unwell = {"v2"}; });
  write("one/reconciler.yaml",
        "verify: { stable: 0s, timeout: 2h }\non_failure: hold\n"
        "environments: { production: { tag: v2 } }\n");
  commit("held where it fails");
  moved.pass(30min);
  for (int pass = 0; pass < 3; ++pass) {
    settle();
    EXPECT_EQ(running(one), "v2") << pass << testing::PrintToString(runs(one));
    moved.pass(61s);
  }
  EXPECT_EQ(ledger->memory(one)->current->tag, "v1");
}

TEST_F(LookedAfter, WhatComesBackTooOftenBehindAClosedGateIsLeftToAPersonAndSaid) {
  asks_for_an_approval();
  calls();
  const auto goes_away = [&] {
    host.with([](MemoryHost& h) { h.running[one.text()].clear(); });
    moved.pass(61s);
    settle();
  };
  for (int times = 0; times < 3; ++times) {
    goes_away();
    EXPECT_EQ(running(one), "v1") << times;
  }
  goes_away();
  moved.pass(24h);
  settle();
  EXPECT_EQ(running(one), "") << "however long it takes";
  const auto said = log.all();
  EXPECT_EQ(
      std::ranges::count_if(
          said,
          [](const std::string& line) {
            return line.find(
                       "one/production: Blocked/GateClosed: approval: 0 of 1; and one/production "
                       "(tag) came back after "
                       "having been put right 3 times: left alone; next: reconciler approve "
                       "one/production") == 0 &&
                   line.ends_with("; what is left alone: reconciler retry one/production");
          }),
      1)
      << testing::PrintToString(said);
  ASSERT_TRUE(ledger->retry(one, "anna", std::nullopt));
  moved.pass(61s);
  settle();
  EXPECT_EQ(running(one), "v1");
}

TEST_F(LookedAfter, WhatStaysUnwellBehindAClosedGateIsPutRightThreeTimesAndLeftAlone) {
  asks_for_an_approval();
  calls();
  // Each time it is started it ends, and says so.
  host.with([](MemoryHost& h) {
    h.unwell = {"v1"};
    h.running[one.text()].clear();
  });
  host.on_switch = [&](const std::string& id) {
    host.with([&](MemoryHost& h) { h.running[id].clear(); });
    service->heard({one, false});
  };
  for (int pass = 0; pass < 20; ++pass) {
    moved.pass(61s);
    settle();
  }
  EXPECT_THAT(calls(), ElementsAre("switch one/production v1", "switch one/production v1",
                                   "switch one/production v1"));
  EXPECT_THAT(log.all(), Contains(testing::HasSubstr("having been put right 3 times: left alone")));
}

TEST_F(LookedAfter, AnAnswerWhileTheForgeIsAwayKeepsNobodyFromHealing) {
  settle();
  ASSERT_EQ(::rename(remote.c_str(), (remote + ".away").c_str()), 0);
  moved.pass(5s);
  ASSERT_TRUE(ledger->retry(one, "anna", std::nullopt));
  host.with([](MemoryHost& h) { h.running[one.text()].clear(); });
  moved.pass(61s);
  settle();
  EXPECT_EQ(running(one), "v1") << testing::PrintToString(log.all());
}

TEST_F(LookedAfter, AnAnswerDoesNotHideWhatSomebodyDeployedBeforeIt) {
  settle();
  const RunId run = begins_what_is_newer("v2");
  ASSERT_TRUE(ledger->end_run(run, {"Ready", "Succeeded"}));
  ASSERT_TRUE(ledger->retry(one, "anna", std::nullopt));
  is_left_as_it_is("v2");
}

TEST_F(LookedAfter, BehindAClosedGateNobodyUndoesHalfOfWhatIsNewer) {
  asks_for_an_approval();
  const RunId run = begins_what_is_newer("v3");
  ASSERT_TRUE(ledger->touch(one, {}, std::nullopt));
  ASSERT_TRUE(ledger->end_run(run, {"Stalled", "CutShort", "apply.cut", "until switch"}));
  is_left_as_it_is("v3");
}

TEST_F(LookedAfter, WhileWhatGitAsksForCannotBeReadWhatWasRecordedIsLookedAfter) {
  settle();
  write("one/reconciler.yaml",
        "verfy: { stable: 0s }\nenvironments: { production: { tag: v2 } }\n");
  commit("a typo");
  moved.pass(30min);
  settle();
  calls();
  host.with([](MemoryHost& h) { h.running[one.text()].clear(); });
  moved.pass(61s);
  settle();
  EXPECT_EQ(running(one), "v1");
  EXPECT_THAT(calls(), ElementsAre("switch one/production v1"));
  const std::string said =
      "one/production: what git asks for cannot be read; what was recorded is looked after";
  EXPECT_EQ(std::ranges::count(log.all(), said), 1);

  commit_tag("one", "v2");
  moved.pass(30min);
  settle();
  EXPECT_EQ(running(one), "v2");
}

}  // namespace
}  // namespace reconciler::test
