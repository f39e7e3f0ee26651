// What bringing a backup back changes of what is remembered.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include "tests/unit/ledger/support.hpp"

namespace reconciler {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class RestoresTest : public testing::Test {
 protected:
  /// In a run of its own, which ends so.
  void done(Action action, const Outcome& outcome, const RunEnd& end) {
    clock.pass(60s);
    const RunId run = *ledger->begin_run(start_of("v1.0.0", "v1.0.0"));
    const std::string attempt = *ledger->intend(run, action);
    ASSERT_TRUE(ledger->result(attempt, outcome));
    ASSERT_TRUE(ledger->end_run(run, end));
  }

  void release(const std::string& tag) {
    Action action = release_action(tag);
    action.once_key = key(tag);
    done(action, {Fate::succeeded, {}}, {"RolledBack", "VerifyFailed", "", ""});
  }

  /// Its file is named for this moment, unless another name is said.
  std::string backup(std::string file = "") {
    if (file.empty()) file = named(clock.wall() + 60s);
    Action action;
    action.work.phase = Phase::backup;
    action.work.verb = "backup";
    done(action, {Fate::succeeded, JsonObject{{"file", file}}}, {"Ready", "BackedUp", "", ""});
    return file;
  }

  static Action restoring(const std::string& file) {
    Action action;
    action.title = file;
    action.work.phase = Phase::release;
    action.work.verb = "restore";
    action.work.input = JsonObject{{"file", file}};
    return action;
  }

  void restore(const std::string& file, Fate fate = Fate::succeeded,
               const RunEnd& end = {"Ready", "Restored", "", ""}) {
    done(restoring(file), {fate, {}}, end);
  }

  void verified(const RunEnd& end) {
    Action action;
    action.work.phase = Phase::verify;
    action.work.verb = "verify";
    done(action, {Fate::succeeded, {}}, end);
  }

  void reopen_as_of_version_7() {
    ledger.reset();
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open((folder / "state/ledger.db").c_str(), &db), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(db, back_to_version_7, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(db);
    ledger = open_ledger(folder / "state", clock);
  }

  static std::string named(WallTime at) {
    std::string text = to_text(at);
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    return text + "-v1.0.0.backup";
  }
  static std::string key(const std::string& tag) {
    return "portfolio/production/release@" + tag + "+c0ffee";
  }
  std::set<std::string> answered() const {
    return ledger->memory(production)->answered_of_other_data;
  }
  std::set<std::string> undone() const { return ledger->memory(production)->undone; }

  Folder folder;
  MovedClock clock;
  std::unique_ptr<Ledger> ledger = open_ledger(folder / "state", clock);
};

TEST_F(RestoresTest, WhatSucceededSinceTheFileWasMadeIsUndone) {
  release("v0.9.0");
  const std::string before = backup();
  release("v1.1.0");
  EXPECT_THAT(undone(), IsEmpty());
  restore(before);
  EXPECT_THAT(undone(), ElementsAre(key("v1.1.0")));
  release("v1.2.0");
  EXPECT_THAT(undone(), ElementsAre(key("v1.1.0"))) << "what came after it is on that data";
  ASSERT_TRUE(ledger->settle(production, key("v1.1.0"), Fate::not_started, "anna"));
  EXPECT_THAT(undone(), IsEmpty());
  EXPECT_FALSE(ledger->settle(production, key("v1.2.0"), Fate::not_started, "anna"));
}

TEST_F(RestoresTest, AClockThatWasPutBackChangesNothingOfThat) {
  const std::string before = backup(named(clock.wall() + 24h));
  release("v1.1.0");
  restore(before);
  EXPECT_THAT(undone(), ElementsAre(key("v1.1.0")));
}

TEST_F(RestoresTest, OfAFileFromElsewhereItsNameTellsWhenItWasMade) {
  release("v1.1.0");
  const WallTime between = clock.wall() + 30s;
  release("v1.2.0");
  restore(named(between));
  EXPECT_THAT(undone(), ElementsAre(key("v1.2.0")));
}

TEST_F(RestoresTest, ABackupOfDataThatWasBroughtBackUndoesWhatThatHadUndone) {
  const std::string before = backup();
  release("v1.1.0");
  restore(before);
  const std::string of_that = backup();
  release("v1.2.0");
  restore(of_that);
  EXPECT_THAT(undone(), ElementsAre(key("v1.1.0"), key("v1.2.0")));
}

TEST_F(RestoresTest, WhoPutHalfOfOneRightHasItsDataMostLikely) {
  const std::string before = backup();
  release("v1.1.0");
  restore(before, Fate::failed, {"Stalled", "RestoreFailed", "restore.failed", ""});
  EXPECT_THAT(undone(), ElementsAre(key("v1.1.0"))) << "nobody knows what there is";
  ASSERT_TRUE(ledger->settle_restore(production, "anna"));
  EXPECT_THAT(undone(), ElementsAre(key("v1.1.0")));
  EXPECT_EQ(ledger->memory(production)->data_of, "v1.0.0");
  EXPECT_FALSE(ledger->memory(production)->unwell_since_restored);
}

TEST_F(RestoresTest, AnAnswerAboutDataThatIsGoneIsAskedForAgain) {
  const std::string before = backup();
  release("v1.1.0");
  const std::string with_it = backup();
  restore(before);
  ASSERT_TRUE(ledger->settle(production, key("v1.1.0"), Fate::not_started, "anna"));
  EXPECT_THAT(answered(), IsEmpty());
  // It is in what comes back now.
  restore(with_it);
  EXPECT_THAT(answered(), ElementsAre(key("v1.1.0")));
  EXPECT_THAT(undone(), IsEmpty());
  const std::string of_that = backup();
  restore(of_that);
  EXPECT_THAT(answered(), ElementsAre(key("v1.1.0"))) << "as it was when that was made";
  ASSERT_TRUE(ledger->settle(production, key("v1.1.0"), Fate::succeeded, "anna"));
  EXPECT_THAT(answered(), IsEmpty());
  EXPECT_FALSE(ledger->settle(production, key("v1.1.0"), Fate::succeeded, "anna"));
  EXPECT_THAT(undone(), IsEmpty());
}

TEST_F(RestoresTest, AnAnswerOfAnOlderProgramIsAboutTheDataThatWasThereThen) {
  const std::string before = backup();
  release("v1.1.0");
  const std::string with_it = backup();
  restore(before);
  ASSERT_TRUE(ledger->settle(production, key("v1.1.0"), Fate::not_started, "anna"));
  reopen_as_of_version_7();
  EXPECT_THAT(answered(), IsEmpty());
  restore(with_it);
  EXPECT_THAT(answered(), ElementsAre(key("v1.1.0")));
  reopen_as_of_version_7();
  EXPECT_THAT(answered(), ElementsAre(key("v1.1.0")));
  clock.pass(60s);
  ASSERT_TRUE(ledger->settle(production, key("v1.1.0"), Fate::succeeded, "anna"));
  reopen_as_of_version_7();
  EXPECT_THAT(answered(), IsEmpty());
}

TEST_F(RestoresTest, WhatRunsAndIsDueAgainByAnAnswerIsAskedForToo) {
  // Found by a chronicle of data, seed 1396: it was released twice.
  const std::string before = backup();
  release("v1.1.0");
  ASSERT_TRUE(
      ledger->record(*ledger->begin_run(start_of("v1.0.0", "v1.1.0")), release_of("v1.1.0"), {}));
  const std::string with_it = backup();
  restore(before);
  EXPECT_THAT(undone(), IsEmpty()) << "of what runs a task by hand does it again";
  ASSERT_TRUE(ledger->settle(production, key("v1.1.0"), Fate::not_started, "anna"));
  restore(with_it);
  EXPECT_THAT(answered(), ElementsAre(key("v1.1.0")));
  ASSERT_TRUE(ledger->settle(production, key("v1.1.0"), Fate::succeeded, "anna"));
  restore(before);
  restore(with_it);
  EXPECT_THAT(answered(), IsEmpty()) << "it is not due";
}

TEST_F(RestoresTest, WhatWasDoneAgainMayBeInTheFileFromBefore) {
  const std::string before = backup();
  release("v1.1.0");
  const std::string with_it = backup();
  restore(before);
  ASSERT_TRUE(ledger->settle(production, key("v1.1.0"), Fate::not_started, "anna"));
  release("v1.1.0");
  restore(with_it);
  EXPECT_THAT(answered(), ElementsAre(key("v1.1.0"))) << "the file has the first one's work";
  ASSERT_TRUE(ledger->settle(production, key("v1.1.0"), Fate::succeeded, "anna"));
  EXPECT_THAT(answered(), IsEmpty());
  EXPECT_THAT(undone(), IsEmpty());
}

TEST_F(RestoresTest, BackupsOfHalfARestoreAreKnownWhateverIsSaidLater) {
  const auto half = [&] { return ledger->memory(production)->half_backups; };
  const std::string good = backup();
  restore(good, Fate::failed, {"Stalled", "RestoreFailed", "restore.failed", ""});
  const std::string first = backup();
  EXPECT_THAT(half(), ElementsAre(first));
  ASSERT_TRUE(ledger->settle_restore(production, "anna"));
  const std::string mended = backup();
  EXPECT_THAT(half(), ElementsAre(first));
  restore(mended, Fate::failed, {"Stalled", "RestoreFailed", "restore.failed", ""});
  const std::string second = backup();
  restore(good);
  backup();
  EXPECT_THAT(half(), ElementsAre(first, second));
}

TEST_F(RestoresTest, OnlyChecksThatWereAskedAndWellEndTheDoubt) {
  restore(backup(), Fate::succeeded, {"Stalled", "VerifyFailed", "verify.failed", "web"});
  const RunId run = (*ledger->last_restoring_run(production))->serial;
  const auto doubted = [&] {
    const bool well = *ledger->well_since(production, run);
    EXPECT_EQ(ledger->memory(production)->unwell_since_restored, !well);
    return !well;
  };
  EXPECT_TRUE(doubted());
  backup();
  EXPECT_TRUE(doubted()) << "a backup asks nothing";
  verified({"RolledBack", "VerifyFailed", "verify.failed", "another check"});
  EXPECT_TRUE(doubted());
  verified({"Ready", "StepLeftOut", "", ""});
  EXPECT_TRUE(doubted()) << "the check that was left out may be that one";
  verified({"Ready", "Succeeded", "", ""});
  EXPECT_FALSE(doubted());
}

TEST_F(RestoresTest, OneThatNeverBeganIsNone) {
  const std::string file = backup();
  const RunId run = *ledger->begin_run(start_of("v1.0.0", "v1.0.0"));
  const std::string attempt = *ledger->intend(run, restoring(file));
  ASSERT_TRUE(ledger->failed_to_run(attempt, error("docker.timeout", "no answer")));
  EXPECT_FALSE(*ledger->last_restoring_run(production));
  ASSERT_TRUE(ledger->result(attempt, {Fate::running, {}}));
  EXPECT_EQ((*ledger->last_restoring_run(production))->serial, run);
}

TEST_F(RestoresTest, ARunBesideThatWasCutOffIsEndedByWhoeverHoldsTheEnvironment) {
  RunStart beside = start_of("v1.0.0", "v1.0.0");
  beside.aside = true;
  const RunId run = *ledger->begin_run(beside);
  EXPECT_EQ((*ledger->unended_run(production))->serial, run);
  ASSERT_TRUE(ledger->end_cut_aside(production));
  EXPECT_FALSE(*ledger->unended_run(production));
  EXPECT_EQ(ledger->run(run)->end.reason, "Interrupted");
  const RunId wanted = *ledger->begin_run(start_of("v1.0.0", "v1.1.0"));
  ASSERT_TRUE(ledger->end_cut_aside(production));
  EXPECT_EQ((*ledger->unended_run(production))->serial, wanted) << "of that its recovery decides";
}

}  // namespace
}  // namespace reconciler
