// What people say beforehand, and how often what was put right came back.
#include <gmock/gmock.h>

#include "tests/unit/ledger/support.hpp"

namespace reconciler {
namespace {

using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;
using namespace std::chrono_literals;

class StopsTest : public testing::Test {
 protected:
  Folder folder;
  MovedClock clock;
  std::unique_ptr<Ledger> ledger = open_ledger(folder / "state", clock);

  Memory memory() {
    ledger.reset();
    ledger = open_ledger(folder / "state", clock);
    return *ledger->memory(production);
  }
  void record(const std::string& tag) const {
    const RunId run = *ledger->begin_run(start_of("", tag));
    ASSERT_TRUE(ledger->record(run, release_of(tag), {}));
    ASSERT_TRUE(ledger->end_run(run, {"Ready", "Succeeded"}));
  }
  void drifts(int times) const {
    for (int n = 0; n < times; ++n) ASSERT_TRUE(ledger->drifted(production, {colour}));
  }
  int times() {
    const auto returns = memory().returns;
    return returns.empty() ? 0 : returns.at(colour);
  }
  const std::pair<ResourceId, std::string> colour{{"compose", "service", "web"},
                                                  "environment COLOUR"};
};

TEST_F(StopsTest, ASuspensionIsKeptUntilItIsTakenBack) {
  EXPECT_FALSE(memory().suspended);
  ASSERT_TRUE(ledger->suspend(production, {"anna", "disks", clock.wall(), clock.wall() + 2h}));
  const auto kept = memory().suspended;
  ASSERT_TRUE(kept);
  EXPECT_EQ(for_people(*kept),
            "by anna since 2026-11-21T11:00:00Z until 2026-11-21T13:00:00Z: disks");
  ASSERT_TRUE(ledger->suspend(production, {"bert", "", clock.wall(), std::nullopt}));
  EXPECT_EQ(for_people(*memory().suspended), "by bert since 2026-11-21T11:00:00Z");
  ASSERT_TRUE(ledger->resume(production));
  EXPECT_FALSE(memory().suspended);
}

TEST_F(StopsTest, ItStopsThatEnvironmentAlone) {
  ASSERT_TRUE(ledger->suspend({"portfolio", "stage"}, {"anna", "", clock.wall(), std::nullopt}));
  EXPECT_FALSE(memory().suspended);
}

TEST_F(StopsTest, WhatIsNotSuspendedCannotBeResumed) {
  EXPECT_EQ(told(Result<int>(tl::unexpected(ledger->resume(production).error()))),
            "error resume.nothing: portfolio/production is not suspended\n"
            "  next  reconciler status portfolio/production\n");
}

TEST_F(StopsTest, AnApprovalCountsUntilAVersionIsRecorded) {
  ASSERT_TRUE(ledger->approve(production, {"plan", "digest db"}, "anna"));
  ASSERT_TRUE(ledger->approve(production, {"plan"}, "bert"));
  EXPECT_THAT(memory().approved, UnorderedElementsAre("plan", "digest db"));
  const RunId run = *ledger->begin_run(start_of("", "v1"));
  ASSERT_TRUE(ledger->end_run(run, {"Stalled", "SupplyFailed"}));
  EXPECT_THAT(memory().approved, testing::SizeIs(2)) << "what was begun may go on";
  record("v1");
  EXPECT_THAT(memory().approved, IsEmpty());
}

TEST_F(StopsTest, ReturnsAreCountedByThingAndField) {
  drifts(2);
  ASSERT_TRUE(ledger->drifted(production, {{colour.first, "command"}}));
  EXPECT_THAT(memory().returns,
              UnorderedElementsAre(Pair(colour, 2), Pair(Pair(colour.first, "command"), 1)));
  EXPECT_THAT(ledger->memory({"portfolio", "stage"})->returns, IsEmpty());
}

TEST_F(StopsTest, OneThatComesADayLaterIsCountedFromOne) {
  drifts(2);
  clock.pass(24h);
  EXPECT_EQ(times(), 2);
  drifts(1);
  EXPECT_EQ(times(), 3) << "a day after the last one, not after the first";
  clock.pass(24h + 1s);
  EXPECT_EQ(times(), 0);
  drifts(1);
  EXPECT_EQ(times(), 1);
}

TEST_F(StopsTest, OneThatWasLeftToAPersonStaysSo) {
  drifts(4);
  clock.pass(24h * 30);
  EXPECT_EQ(times(), 4);
}

TEST_F(StopsTest, CountsEndWhenSomethingElseIsRecordedAndByRetry) {
  record("v1");
  drifts(3);
  record("v1");
  EXPECT_EQ(times(), 3) << "that is how it was put right";
  record("v2");
  EXPECT_EQ(times(), 0);
  drifts(4);
  ASSERT_TRUE(ledger->retry(production, "anna"));
  EXPECT_EQ(times(), 0);
}

}  // namespace
}  // namespace reconciler
