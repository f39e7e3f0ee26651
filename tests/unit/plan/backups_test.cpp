// The backup before a release, and what goes once that went well.
#include "reconciler/plan/backups.hpp"

#include <gtest/gtest.h>

#include "reconciler/base/text.hpp"

namespace reconciler {
namespace {

using namespace std::chrono_literals;
using Files = std::vector<std::string>;

/// Each an hour after the first, or before it, and called for that.
Memory with_idle(const std::vector<int>& hours) {
  Memory memory;
  for (const int hour : hours)
    memory.idle_backups.push_back({std::to_string(hour), WallTime(1'795'258'800s + hour * 1h)});
  return memory;
}

Work prune() {
  Work work;
  work.phase = Phase::prune;
  work.verb = "prune";
  work.targets = {{"compose", "backups", "backups"}};
  work.input = JsonObject{{"keep", 3}};
  return work;
}

TEST(Backups, OneBeforeAReleaseIsKnownAsSuch) {
  Step step;
  step.work.phase = Phase::backup;
  step.work.input = JsonObject{{"service", "db"}};
  EXPECT_EQ(text_at(backup_before_release(step, {}, {}).work.input, "before"), "release")
      << "or the ledger knows none of them";
  EXPECT_EQ(text_at(backup_action(step, {}, {}, "asked for").work.input, "before"), "");
}

TEST(Backups, OfThoseThatNoReleaseFollowedOneADayStays) {
  const Action action = prune_after_release(prune(), {}, with_idle({0, 1, 23, 24, 36, 200}));
  EXPECT_EQ(texts_at(action.work.input, "needless"), (Files{"1", "23", "36"}));
  EXPECT_EQ(action.reason, "beyond the newest 3; first the 3 that no release followed");
}

TEST(Backups, AClockThatWasPutBackBeginsAnew) {
  const Action action = prune_after_release(prune(), {}, with_idle({100, 101, 2, 3, 4}));
  EXPECT_EQ(texts_at(action.work.input, "needless"), (Files{"101", "3"})) << "nor is the last";
}

TEST(Backups, WhereNoneIsNeedlessNothingIsSaidOfThem) {
  const Action one = prune_after_release(prune(), {}, with_idle({0, 1}));
  EXPECT_EQ(one.reason, "beyond the newest 3");
  EXPECT_TRUE(texts_at(one.work.input, "needless").empty());
  EXPECT_TRUE(texts_at(one.work.input, "uncounted").empty());
}

TEST(Backups, OneThatSomebodyAskedForLetsNoneGoForThem) {
  const Action asked = prune_of_backups(prune(), {}, with_idle({0, 1, 2}));
  EXPECT_TRUE(texts_at(asked.work.input, "needless").empty());
  EXPECT_EQ(texts_at(asked.work.input, "uncounted"), Files{"1"}) << "nor an older one";
}

TEST(Backups, APlanIsTheSameOneHoweverOftenItWasTried) {
  const auto input = [](const std::vector<int>& hours) {
    return lasting_input(prune_after_release(prune(), {}, with_idle(hours)).work);
  };
  EXPECT_EQ(input({0, 1, 2}), input({0, 1, 2, 3, 30}));
  EXPECT_NE(input({0, 1, 2}), input({})) << "somebody said retry, and others go";
  EXPECT_EQ(number_at(input({0, 1, 2}), "keep"), 3);
}

}  // namespace
}  // namespace reconciler
