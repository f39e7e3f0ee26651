// The effective target: one write, kept until git or a person ends it.
#include <gmock/gmock.h>

#include "tests/unit/ledger/support.hpp"

namespace reconciler {
namespace {

Target target_of(const std::string& tag, const std::string& rejected) {
  return {tag, "asked-" + rejected, rejected, "VerifyFailed", rejected + " is not well", 7, {}};
}

class TargetTest : public testing::Test {
 protected:
  Folder folder;
  MovedClock clock;
  std::unique_ptr<Ledger> ledger = open_ledger(folder / "state", clock);

  void reopen() {
    ledger.reset();
    ledger = open_ledger(folder / "state", clock);
  }
  Status reject(const Target& target) {
    const RunId run = *ledger->begin_run(start_of(target.tag, target.rejected_tag));
    return ledger->reject(run, {"RolledBack", target.reason}, target);
  }
  std::optional<Target> target() const { return ledger->memory(production)->target; }
  Fate fate_of(const std::string& tag) const {
    return ledger->memory(production)->once.at(release_of_key(tag));
  }
  static std::string release_of_key(const std::string& tag) {
    return "portfolio/production/release@" + tag + "+c0ffee";
  }
  void release(const std::string& tag, Fate fate) const {
    Action action = release_action(tag);
    action.once_key = release_of_key(tag);
    const RunId run = *ledger->begin_run(start_of("", tag));
    ASSERT_TRUE(ledger->result(*ledger->intend(run, action), {fate, {}}));
    ASSERT_TRUE(ledger->end_run(run, {"Stalled", "ReleaseFailed"}));
  }
};

TEST_F(TargetTest, ARejectionEndsTheRunAndAimsInOneWrite) {
  const RunId run = *ledger->begin_run(start_of("v1", "v2"));
  ASSERT_TRUE(ledger->reject(run, {"RolledBack", "VerifyFailed", "verify.failed", "no"},
                             target_of("v1", "v2")));
  reopen();
  ASSERT_TRUE(target());
  EXPECT_EQ(target()->tag, "v1");
  EXPECT_EQ(target()->rejected, "asked-v2");
  EXPECT_EQ(target()->rejected_tag, "v2");
  EXPECT_EQ(target()->reason, "VerifyFailed");
  EXPECT_EQ(target()->why, "v2 is not well");
  EXPECT_EQ(target()->run, 7);
  const auto last = *ledger->last_run(production);
  ASSERT_TRUE(last->ended);
  EXPECT_EQ(last->end.condition, "RolledBack");
}

TEST_F(TargetTest, OfARunThatIsNotKnownNothingIsWritten) {
  EXPECT_FALSE(ledger->reject(99, {"RolledBack", "VerifyFailed"}, target_of("v1", "v2")));
  EXPECT_FALSE(target());
}

TEST_F(TargetTest, AnotherTakesItsPlaceAndClearingEndsIt) {
  ASSERT_TRUE(reject(target_of("v1", "v2")));
  ASSERT_TRUE(reject(target_of("v1", "v3")));
  EXPECT_EQ(target()->rejected_tag, "v3");
  ASSERT_TRUE(ledger->clear_target(production));
  EXPECT_FALSE(target());
  EXPECT_TRUE(ledger->clear_target(production));
}

TEST_F(TargetTest, WhatWasTouchedIsSoUntilTheNextRecord) {
  const ResourceId nginx{"compose", "service", "nginx"};
  const RunId run = *ledger->begin_run(start_of("v1", "v2"));
  EXPECT_FALSE(ledger->memory(production)->touched);
  ASSERT_TRUE(ledger->touch(production, {nginx}));
  reopen();
  ASSERT_TRUE(ledger->touch(production, {}));
  const Memory memory = *ledger->memory(production);
  EXPECT_TRUE(memory.touched);
  EXPECT_EQ(memory.unwell_before, std::set{nginx}) << "the first counts";
  ASSERT_TRUE(ledger->reject(run, {"RolledBack", "VerifyFailed"}, target_of("v1", "v2")));
  EXPECT_TRUE(ledger->memory(production)->touched) << "until it is back";
  const RunId back = *ledger->begin_run(start_of("v2", "v1"));
  ASSERT_TRUE(ledger->record(back, release_of("v1"), {}));
  EXPECT_FALSE(ledger->memory(production)->touched);
  EXPECT_TRUE(ledger->memory(production)->unwell_before.empty());
}

TEST_F(TargetTest, WhatRanByHandBeforeItWasTouchedIsSoUntilTheNextRecord) {
  const RunId run = *ledger->begin_run(start_of("v1", "v2"));
  ASSERT_TRUE(ledger->touch(production, {}, "v1.5"));
  ASSERT_TRUE(ledger->touch(production, {}));
  reopen();
  EXPECT_EQ(ledger->memory(production)->ran_by_hand, "v1.5") << "the first counts";
  ASSERT_TRUE(ledger->record(run, release_of("v2"), {}));
  EXPECT_FALSE(ledger->memory(production)->ran_by_hand);
}

TEST_F(TargetTest, WhatFailedIsTheTagOfTheRunInWhichItDid) {
  const RunId run = *ledger->begin_run(start_of("v2", "v1"));
  Target target = target_of("v2", "v3");
  target.run = run;
  ASSERT_TRUE(ledger->reject(run, {"RolledBack", "VerifyFailed"}, target));
  reopen();
  EXPECT_EQ(ledger->memory(production)->target->rejected_tag, "v3");
  EXPECT_EQ(ledger->memory(production)->target->failed_tag, "v1");
}

TEST_F(TargetTest, TagsAreReleasedSinceTheLastRecord) {
  release("v2", Fate::succeeded);
  release("v3", Fate::not_started);
  release("v4", Fate::unknown);
  EXPECT_EQ(ledger->memory(production)->released, (std::set<std::string>{"v2", "v4"}));
  const RunId run = *ledger->begin_run(start_of("", "v4"));
  ASSERT_TRUE(ledger->record(run, release_of("v4"), {}));
  EXPECT_TRUE(ledger->memory(production)->released.empty());
  EXPECT_EQ(ledger->memory(production)->recorded_attempt,
            ledger->memory(production)->newest_attempt);
  release("v5", Fate::failed);
  EXPECT_EQ(ledger->memory(production)->released, std::set<std::string>{"v5"});
}

TEST_F(TargetTest, ARunThatDiedIsOpenWithItsWayBack) {
  EXPECT_FALSE(*ledger->open_run(production));
  RunStart start = start_of("v1", "v2");
  start.plan = JsonObject{{"fallback", "v1"}};
  const RunId run = *ledger->begin_run(start);
  Action action = release_action("v2");
  ASSERT_TRUE(ledger->result(*ledger->intend(run, action), {Fate::failed, {}}));
  reopen();
  const auto open = *ledger->open_run(production);
  ASSERT_TRUE(open);
  EXPECT_EQ(open->run.serial, run);
  EXPECT_EQ(open->fallback, "v1");
  ASSERT_EQ(open->run.attempts.size(), 1U);
  EXPECT_EQ(open->run.attempts.front().fate, Fate::failed);
  ASSERT_TRUE(ledger->end_run(run, {"Stalled", "ReleaseFailed"}));
  EXPECT_FALSE(*ledger->open_run(production));
}

TEST_F(TargetTest, ARunThatIsAsideSaysNothingOfTheEnvironment) {
  ASSERT_TRUE(reject(target_of("v1", "v2")));
  const auto last = (*ledger->last_run(production))->serial;
  RunStart start = start_of("v1", "v3");
  start.to_be_recorded = false;
  start.aside = true;
  ASSERT_TRUE(ledger->begin_run(start));
  // It dies.
  reopen();
  EXPECT_EQ((*ledger->last_run(production))->serial, last);
  EXPECT_FALSE(*ledger->open_run(production));
  ASSERT_TRUE(target());
  EXPECT_EQ(target()->rejected_tag, "v2");
  const RunId run = *ledger->begin_run(start);
  ASSERT_TRUE(ledger->end_run(run, {"Reconciling", "StoppedBeside"}));
  EXPECT_EQ((*ledger->last_run(production))->serial, last);
  EXPECT_EQ(ledger->history(production, 2)->back().end.reason, "Interrupted");
}

TEST_F(TargetTest, ARunThatIsAsideLeavesOneThatWasCutOffOpen) {
  const RunId cut_off = *ledger->begin_run(start_of("v1", "v2"));
  RunStart start = start_of("v1", "v2");
  start.aside = true;
  ASSERT_TRUE(ledger->end_run(*ledger->begin_run(start), {"Reconciling", "StoppedBeside"}));
  ASSERT_TRUE(*ledger->open_run(production));
  EXPECT_EQ((*ledger->open_run(production))->run.serial, cut_off);
  EXPECT_FALSE((*ledger->last_run(production))->ended);
}

TEST_F(TargetTest, RetryLetsWhatFailedOfThatTagRunAgain) {
  release("v1", Fate::failed);
  release("v2", Fate::failed);
  release("v2_1", Fate::failed);
  ASSERT_TRUE(reject(target_of("v1", "v2")));
  EXPECT_EQ(*ledger->retry(production, "anna"), "v2");
  EXPECT_FALSE(target());
  EXPECT_EQ(fate_of("v2"), Fate::not_started);
  EXPECT_EQ(fate_of("v1"), Fate::failed);
  EXPECT_EQ(fate_of("v2_1"), Fate::failed);
  EXPECT_EQ((*ledger->last_run(production))->end.reason, "Retry");
}

TEST_F(TargetTest, RetryNeverLetsRunAgainWhatSucceededOrIsNotKnown) {
  release("v2", Fate::succeeded);
  release("v3", Fate::unknown);
  EXPECT_EQ(*ledger->retry(production, "anna"), "");
  EXPECT_EQ(fate_of("v2"), Fate::succeeded);
  EXPECT_EQ(fate_of("v3"), Fate::unknown);
}

TEST_F(TargetTest, RetryOfWhatWasNeverDoneIsAnError) {
  const auto again = ledger->retry(production, "anna");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, "retry.unknown");
}

TEST_F(TargetTest, AnAnswerForWorkOfTheRejectedTagEndsTheRejection) {
  release("v2", Fate::failed);
  release("v3", Fate::failed);
  ASSERT_TRUE(reject(target_of("v1", "v3")));
  ASSERT_TRUE(ledger->settle(production, release_of_key("v2"), Fate::succeeded, "anna"));
  EXPECT_TRUE(target()) << "that was another tag's";
  ASSERT_TRUE(ledger->settle(production, release_of_key("v3"), Fate::not_started, "anna"));
  EXPECT_FALSE(target());
}

TEST_F(TargetTest, WhatWasKeptIsTheLedgersOwnRecord) {
  const auto record = [&](const SealedRecords& records) {
    const RunId run = *ledger->begin_run(start_of("", "v1"));
    ASSERT_TRUE(ledger->record(run, release_of("v1"), records));
  };
  record({{{"compose", "service", "web"}, {Sealed{"box"}, false}}});
  EXPECT_FALSE(ledger->memory(production)->kept);
  record({{{"ledger", "release", production.text()}, {Sealed{"box"}, false}}});
  EXPECT_TRUE(ledger->memory(production)->kept);
}

TEST_F(TargetTest, ARunSaysWhatTheEnvironmentIsToBeAsItBegins) {
  RunStart back = start_of("v2", "v1");
  back.target = Target{"v1", "asked-v2", "v2", "Requested", "anna went back to v1", 0, {}};
  ASSERT_TRUE(ledger->begin_run(back));
  reopen();
  ASSERT_TRUE(target());
  EXPECT_EQ(target()->tag + " " + target()->rejected + " " + target()->reason,
            "v1 asked-v2 Requested");
  ASSERT_TRUE(ledger->begin_run(start_of("v1", "v3")));
  EXPECT_FALSE(target()) << "one that works towards what git asks for ends it";
}

TEST_F(TargetTest, WhatWasDeployedByHandMayBeUndoneUntilTheNextRecord) {
  const RunId run = *ledger->begin_run(start_of("", "v1"));
  ASSERT_TRUE(ledger->retry(production, "anna", "v2"));
  reopen();
  EXPECT_EQ(ledger->memory(production)->overruled, "v2");
  ASSERT_TRUE(ledger->retry(production, "anna"));
  EXPECT_FALSE(ledger->memory(production)->overruled) << "nobody said that";
  ASSERT_TRUE(ledger->retry(production, "anna", "v2"));
  ASSERT_TRUE(ledger->record(run, release_of("v1"), {}));
  EXPECT_FALSE(ledger->memory(production)->overruled);
}

TEST_F(TargetTest, WhatWasRemovedIsForgottenAndWhatWasReleasedIsNot) {
  release("v1", Fate::succeeded);
  const RunId run = *ledger->begin_run(start_of("", "v1"));
  ASSERT_TRUE(ledger->record(run, release_of("v1"), {{{"d", "k", "n"}, {{"box"}, true}}}));
  ASSERT_TRUE(reject(target_of("v1", "v2")));
  ASSERT_TRUE(ledger->forget(production, "anna"));
  reopen();
  const Memory memory = *ledger->memory(production);
  EXPECT_FALSE(memory.current || memory.previous || memory.target || memory.unfinished);
  EXPECT_TRUE(memory.snapshots.empty());
  EXPECT_EQ(fate_of("v1"), Fate::succeeded);
  EXPECT_EQ((*ledger->last_run(production))->end.condition, "Removed");
  EXPECT_TRUE((*ledger->versions(production)).front().until);
}

}  // namespace
}  // namespace reconciler
