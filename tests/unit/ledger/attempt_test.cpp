// Once means once: what an attempt's row lets happen and what it refuses.
#include <gmock/gmock.h>

#include "tests/unit/ledger/support.hpp"

namespace reconciler {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class AttemptTest : public testing::Test {
 protected:
  Folder folder;
  MovedClock clock;
  std::unique_ptr<Ledger> ledger = open_ledger(folder / "state", clock);
  RunId run = *ledger->begin_run(start_of("", "v1.0.0"));
  const Action release = release_action("v1.0.0");

  Fate fate() const { return ledger->memory(production)->once.at(release.once_key); }
  std::string ended(Fate fate, Json evidence = {}) {
    const std::string id = *ledger->intend(run, release);
    EXPECT_TRUE(ledger->result(id, {fate, std::move(evidence)}));
    return id;
  }
};

TEST_F(AttemptTest, IdsAreSerialsThatAreNeverGivenTwice) {
  EXPECT_EQ(*ledger->intend(run, switch_action()), "1");
  EXPECT_EQ(*ledger->intend(run, switch_action()), "2");
  ledger.reset();
  ledger = open_ledger(folder / "state", clock);
  EXPECT_EQ(*ledger->intend(run, switch_action()), "3");
}

TEST_F(AttemptTest, AnIntentWithoutResultIsOpenAndCarriesItsWork) {
  const std::string id = *ledger->intend(run, release);
  const auto open = *ledger->open_attempts(production);
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0].attempt.id, id);
  EXPECT_EQ(open[0].run, run);
  EXPECT_EQ(open[0].attempt.environment, production);
  EXPECT_EQ(open[0].attempt.lineage, ledger->lineage());
  EXPECT_EQ(open[0].attempt.once_key, release.once_key);
  EXPECT_EQ(open[0].attempt.work.targets, release.work.targets);
  EXPECT_EQ(open[0].attempt.work.input, release.work.input);
  EXPECT_EQ(open[0].attempt.work.effect, Effect::once);
  EXPECT_EQ(fate(), Fate::running);
  EXPECT_EQ(ledger->memory(production)->once_attempt.at(release.once_key), id);
}

TEST_F(AttemptTest, ConvergingWorkIsNeverOpen) {
  ASSERT_TRUE(ledger->intend(run, switch_action()));
  EXPECT_THAT(*ledger->open_attempts(production), IsEmpty());
}

TEST_F(AttemptTest, WhatSomebodyDoesBesideMakesNothingHalf) {
  ASSERT_TRUE(ledger->touch(production, {}));
  ASSERT_TRUE(ledger->intend(run, release));
  EXPECT_FALSE(*ledger->is_half(production)) << "nothing was switched";
  EXPECT_TRUE(*ledger->was_begun(production, "v1.0.0"));
  EXPECT_FALSE(*ledger->was_begun(production, "v1.1.0"));
  RunStart beside = start_of("", "v0.9.0");
  beside.aside = true;
  ASSERT_TRUE(ledger->intend(*ledger->begin_run(beside), switch_action()));
  EXPECT_FALSE(*ledger->is_half(production)) << "a service was restarted by hand";
  ASSERT_TRUE(ledger->intend(run, switch_action()));
  EXPECT_TRUE(*ledger->is_half(production));
  ASSERT_TRUE(ledger->record(run, release_of("v1.0.0"), {}));
  EXPECT_FALSE(*ledger->is_half(production));
  EXPECT_FALSE(*ledger->was_begun(production, "v1.0.0"));
}

TEST_F(AttemptTest, AnErrorDoesNotSayWhatBecameOfIt) {
  const std::string id = *ledger->intend(run, release);
  ASSERT_TRUE(ledger->failed_to_run(id, error("engine.gone", "the Engine went away")));
  EXPECT_EQ(ledger->open_attempts(production)->size(), 1U);
  EXPECT_EQ(ledger->last_run(production)->value().attempts[0].code, "engine.gone");
  ASSERT_TRUE(ledger->result(id, {Fate::succeeded, {}}));
  EXPECT_THAT(*ledger->open_attempts(production), IsEmpty());
  EXPECT_EQ(fate(), Fate::succeeded);
}

TEST_F(AttemptTest, NoSecondAttemptWhileTheFirstIsOpen) {
  ASSERT_TRUE(ledger->intend(run, release));
  EXPECT_EQ(told(ledger->intend(run, release)),
            "error once.open: release was begun and its end is not known yet (attempt 1); it is "
            "not run again\n"
            "  next  run apply again: it looks first what became of it\n");
}

TEST_F(AttemptTest, NoSecondAttemptAfterSuccess) {
  ended(Fate::succeeded);
  EXPECT_EQ(told(ledger->intend(run, release)),
            "error once.done: release has succeeded (attempt 1); it is not run again\n"
            "  next  plan again\n");
  EXPECT_TRUE(ledger->intend(run, release_action("v1.1.0")));
}

TEST_F(AttemptTest, NoSecondAttemptAfterAFailureOrWhereNobodyKnows) {
  ended(Fate::failed);
  EXPECT_EQ(told(ledger->intend(run, release)),
            "error once.failed: release has failed (attempt 1); it is not run again\n"
            "  next  commit another tag, or settle it as not-run once its cause is gone\n");
  const Action other = release_action("v2");
  ASSERT_TRUE(ledger->result(*ledger->intend(run, other), {Fate::unknown, {}}));
  EXPECT_EQ(told(ledger->intend(run, other)),
            "error once.unknown: release ended, and nobody can know how (attempt 2); it is not run "
            "again\n"
            "  next  look, then settle it as succeeded or not-run\n");
}

TEST_F(AttemptTest, WhatWasNotStartedMayBeTriedAgain) {
  ended(Fate::not_started);
  EXPECT_EQ(*ledger->intend(run, release), "2");
}

TEST_F(AttemptTest, AFinalFateStays) {
  const std::string id = ended(Fate::failed);
  EXPECT_TRUE(ledger->result(id, {Fate::failed, {}}));
  EXPECT_EQ(told(ledger->result(id, {Fate::succeeded, {}})),
            "error ledger.attempt_settled: attempt 1 is written as failed; it cannot become "
            "succeeded\n");
  EXPECT_EQ(told(ledger->result("99", {Fate::succeeded, {}})),
            "error ledger.attempt_unknown: the ledger has no attempt 99\n");
  EXPECT_EQ(told(ledger->result("x1", {Fate::succeeded, {}})),
            "error ledger.attempt_unknown: \"x1\" is no attempt's id\n");
}

TEST_F(AttemptTest, APersonSettlesWhatNobodyKnows) {
  ended(Fate::unknown);
  ASSERT_TRUE(ledger->settle(production, release.once_key, Fate::succeeded, "anna"));
  EXPECT_EQ(fate(), Fate::succeeded);
  EXPECT_EQ(ledger->last_run(production)->value().end.reason, "Settled");
  EXPECT_EQ(ledger->last_run(production)->value().who, "anna");
  EXPECT_EQ(ledger->run(1)->attempts.at(0).settled_by, "anna");
  EXPECT_EQ(told(ledger->settle(production, release.once_key, Fate::not_started, "bob")),
            "error settle.known: release of portfolio/production (attempt 1) is succeeded already, "
            "says anna\n"
            "  next  reconciler plan portfolio/production\n");
}

TEST_F(AttemptTest, SettledAsNotRunItIsTriedAgain) {
  ended(Fate::failed);
  ASSERT_TRUE(ledger->settle(production, release.once_key, Fate::not_started, "anna"));
  EXPECT_EQ(fate(), Fate::not_started);
  ASSERT_TRUE(ledger->intend(run, release));
}

TEST_F(AttemptTest, SettleRefusesWhatItCannotAnswer) {
  EXPECT_EQ(told(ledger->settle(production, "portfolio/production/x", Fate::succeeded, "anna")),
            "error settle.nothing: portfolio/production has not tried \"portfolio/production/x\"\n"
            "  next  reconciler status portfolio/production\n");
  ASSERT_TRUE(ledger->intend(run, release));
  EXPECT_EQ(told(ledger->settle(production, release.once_key, Fate::succeeded, "anna")),
            "error settle.open: release of portfolio/production (attempt 1) may still run; nobody "
            "has looked yet\n"
            "  next  reconciler apply portfolio/production looks first what became of it\n");
  EXPECT_EQ(told(ledger->settle(production, release.once_key, Fate::failed, "anna")),
            "error settle.fate: \"failed\" is no answer to what became of it\n"
            "  next  succeeded, or not-run\n");
}

TEST_F(AttemptTest, OnceKeysAreFoundByTheirTask) {
  ended(Fate::succeeded);
  ASSERT_TRUE(ledger->intend(run, release_action("v1.1.0")));
  EXPECT_THAT(*ledger->once_keys(production, "release"),
              ElementsAre("portfolio/production/release/v1.1.0", release.once_key));
  EXPECT_THAT(*ledger->once_keys(production, "migrate"), IsEmpty());
}

}  // namespace
}  // namespace reconciler
