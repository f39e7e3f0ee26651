// Runs as `history` tells them, and their logs.
#include <gmock/gmock.h>

#include "tests/unit/ledger/support.hpp"

namespace reconciler {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class HistoryTest : public testing::Test {
 protected:
  Folder folder;
  MovedClock clock;
  std::unique_ptr<Ledger> ledger = open_ledger(folder / "state", clock);
};

TEST_F(HistoryTest, ARunIsToldWithItsAttempts) {
  const RunId run = *ledger->begin_run(start_of("v1.0.0", "v1.1.0"));
  const std::string id = *ledger->intend(run, switch_action());
  clock.pass(1500ms);
  ASSERT_TRUE(ledger->result(id, {Fate::succeeded, JsonObject{{"detail", "each down for 2 s"}}}));
  clock.pass(10s);
  ASSERT_TRUE(
      ledger->end_run(run, {"Stalled", "VerifyFailed", "verify.failed", "500, wanted 200"}));

  const auto all = *ledger->history(production, 10);
  ASSERT_EQ(all.size(), 1U);
  const RunRow& row = all[0];
  EXPECT_EQ(row.serial, run);
  EXPECT_EQ(row.id, production);
  EXPECT_EQ(row.from, "v1.0.0");
  EXPECT_EQ(row.to, "v1.1.0");
  EXPECT_EQ(row.plan_id, "plan-v1.1.0");
  EXPECT_EQ(row.who, "anna");
  EXPECT_EQ(row.config_commit, "c0ffee");
  EXPECT_EQ(row.end.condition, "Stalled");
  EXPECT_EQ(row.end.reason, "VerifyFailed");
  EXPECT_EQ(row.end.code, "verify.failed");
  EXPECT_EQ(row.end.message, "500, wanted 200");
  EXPECT_EQ(*row.ended - row.started, 11s);
  ASSERT_EQ(row.attempts.size(), 1U);
  EXPECT_EQ(row.attempts[0].phase, Phase::change);
  EXPECT_EQ(row.attempts[0].verb, "switch");
  EXPECT_EQ(row.attempts[0].title, "backend");
  EXPECT_EQ(row.attempts[0].took, 1500ms);
  EXPECT_EQ(row.attempts[0].fate, Fate::succeeded);
  EXPECT_EQ(text_at(row.attempts[0].evidence, "detail"), "each down for 2 s");
}

TEST_F(HistoryTest, NewestFirstAndNoMoreThanAsked) {
  for (const char* tag : {"v1", "v2", "v3"}) ASSERT_TRUE(ledger->begin_run(start_of("", tag)));
  const auto two = *ledger->history(production, 2);
  ASSERT_EQ(two.size(), 2U);
  EXPECT_EQ(two[0].to, "v3");
  EXPECT_EQ(two[1].to, "v2");
  EXPECT_EQ(ledger->run(1)->to, "v1");
  EXPECT_EQ(told(ledger->run(9)),
            "error ledger.run_unknown: the ledger has no run 9\n"
            "  next  reconciler history shows which there are\n");
}

TEST_F(HistoryTest, ARunThatDiedIsClosedByTheNext) {
  ASSERT_TRUE(ledger->begin_run(start_of("", "v1")));
  EXPECT_EQ(ledger->last_run(production)->value().ended, std::nullopt);
  ASSERT_TRUE(ledger->begin_run(start_of("", "v1")));
  EXPECT_EQ(ledger->run(1)->end.reason, "Interrupted");
  EXPECT_TRUE(ledger->run(1)->ended);
}

TEST_F(HistoryTest, LogLinesComeBackInOrder) {
  const RunId run = *ledger->begin_run(start_of("", "v1"));
  ASSERT_TRUE(ledger->append_log(run, {"release | one", "release | two"}));
  ASSERT_TRUE(ledger->append_log(run, {"release | three"}));
  EXPECT_THAT(*ledger->log(run), ElementsAre("release | one", "release | two", "release | three"));
}

TEST_F(HistoryTest, ALogHoldsOneMebibyte) {
  const RunId run = *ledger->begin_run(start_of("", "v1"));
  const std::string line(1023, 'x');
  ASSERT_TRUE(ledger->append_log(run, std::vector<std::string>(1024, line)));
  EXPECT_EQ(ledger->log(run)->size(), 1024U);
  ASSERT_TRUE(ledger->append_log(run, {line, line}));
  ASSERT_TRUE(ledger->append_log(run, {line}));
  const auto lines = *ledger->log(run);
  ASSERT_EQ(lines.size(), 1025U);
  EXPECT_EQ(lines.back(), "... the rest is left out: a run's log holds 1 MiB");
}

TEST_F(HistoryTest, OldLogsGoAndTheirRunsStay) {
  for (int n = 0; n < 53; ++n) {
    const RunId run = *ledger->begin_run(start_of("", "v1"));
    ASSERT_TRUE(ledger->append_log(run, {"a line"}));
  }
  EXPECT_EQ(ledger->log(2)->size(), 0U);
  EXPECT_EQ(ledger->log(3)->size(), 1U);
  EXPECT_EQ(ledger->history(production, 100)->size(), 53U);
}

TEST_F(HistoryTest, BytesThatAreNoTextBecomeText) {
  const RunId run = *ledger->begin_run(start_of("", "v1"));
  const std::string odd("\xff\xfe\0x", 4);
  ASSERT_TRUE(ledger->append_log(run, {odd}));
  EXPECT_THAT(*ledger->log(run), ElementsAre(std::string("??\0x", 4)));
}

}  // namespace
}  // namespace reconciler
