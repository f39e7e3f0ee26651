// What is recorded, and what the planner is told of it.
#include <gmock/gmock.h>

#include "tests/unit/ledger/support.hpp"

namespace reconciler {
namespace {

using testing::ElementsAre;

class MemoryTest : public testing::Test {
 protected:
  Folder folder;
  MovedClock clock;
  std::unique_ptr<Ledger> ledger = open_ledger(folder / "state", clock);

  void reopen() {
    ledger.reset();
    ledger = open_ledger(folder / "state", clock);
  }
  void deploy(const std::string& tag) {
    const RunId run = *ledger->begin_run(start_of("", tag));
    ASSERT_TRUE(ledger->record(run, release_of(tag), {}));
    ASSERT_TRUE(ledger->end_run(run, {"Ready", "Succeeded"}));
  }
};

TEST_F(MemoryTest, UnknownEnvironmentHasNoPast) {
  const Memory memory = *ledger->memory(production);
  EXPECT_EQ(memory.lineage, ledger->lineage());
  EXPECT_FALSE(memory.current || memory.previous || memory.unfinished || memory.changed_to);
  EXPECT_TRUE(memory.once.empty());
}

TEST_F(MemoryTest, AnotherTagMovesTheCurrentOneToPrevious) {
  deploy("v1.0.0");
  deploy("v1.1.0");
  reopen();
  const Memory memory = *ledger->memory(production);
  EXPECT_EQ(memory.current->tag, "v1.1.0");
  EXPECT_EQ(memory.current->commit, "commit-v1.1.0");
  EXPECT_EQ(memory.current->digest, "digest-v1.1.0");
  EXPECT_EQ(memory.current->at, release_of("v1.1.0").at);
  EXPECT_EQ(memory.previous->tag, "v1.0.0");
  EXPECT_EQ(memory.previous->commit, "commit-v1.0.0");
  EXPECT_EQ(*ledger->serial(production), 2);
}

TEST_F(MemoryTest, SameTagAgainKeepsThePrevious) {
  deploy("v1.0.0");
  deploy("v1.1.0");
  const RunId run = *ledger->begin_run(start_of("v1.1.0", "v1.1.0"));
  Release again = release_of("v1.1.0");
  again.digest = "another";
  ASSERT_TRUE(ledger->record(run, again, {}));
  const Memory memory = *ledger->memory(production);
  EXPECT_EQ(memory.current->digest, "another");
  EXPECT_EQ(memory.previous->tag, "v1.0.0");
  EXPECT_EQ(*ledger->serial(production), 3);
}

TEST_F(MemoryTest, UnfinishedStaysUntilItIsRecorded) {
  const RunId first = *ledger->begin_run(start_of("", "v1.0.0"));
  ASSERT_TRUE(ledger->end_run(first, {"Stalled", "VerifyFailed", "verify.failed", "not well"}));
  EXPECT_EQ(ledger->memory(production)->unfinished, "digest-v1.0.0");
  deploy("v1.0.1");
  EXPECT_EQ(ledger->memory(production)->unfinished, std::nullopt);
}

TEST_F(MemoryTest, ARunThatOnlyMendsAnOutputIsNeverUnfinished) {
  deploy("v1.0.0");
  Plan plan;
  plan.environment = production;
  plan.to = "v1.0.0";
  plan.desired = "digest-v1.0.0";
  plan.actions.resize(1);
  plan.actions[0].work.phase = Phase::record;
  plan.actions[0].work.targets = {{"files", "state", "current_tag"}};
  ASSERT_TRUE(ledger->begin_run(run_of(plan, "anna")));
  EXPECT_EQ(ledger->memory(production)->unfinished, std::nullopt);
  plan.actions[0].work.targets = {{"ledger", "release", "v1.0.0"}};
  ASSERT_TRUE(ledger->begin_run(run_of(plan, "anna")));
  EXPECT_EQ(ledger->memory(production)->unfinished, "digest-v1.0.0");
}

TEST_F(MemoryTest, EnvironmentsDoNotSeeEachOther) {
  deploy("v1.0.0");
  EXPECT_FALSE(ledger->memory({"portfolio", "stage"})->current);
  EXPECT_EQ(*ledger->serial({"portfolio", "stage"}), 0);
  EXPECT_THAT(*ledger->environments(), ElementsAre(production));
}

TEST_F(MemoryTest, SwitchStepsAreRememberedByVersion) {
  ASSERT_TRUE(ledger->switch_steps_done(production, "v1.0.0@c1"));
  ASSERT_TRUE(ledger->switch_steps_done(production, "v1.1.0@c2"));
  reopen();
  EXPECT_EQ(ledger->memory(production)->changed_to, "v1.1.0@c2");
}

TEST_F(MemoryTest, ATagThatMovesIsRefusedAndTheFirstCommitStays) {
  EXPECT_EQ(*ledger->commit_of(production, "v1.0.0"), std::nullopt);
  const std::string first(40, 'a');
  ASSERT_TRUE(ledger->remember_commit(production, "v1.0.0", first));
  ASSERT_TRUE(ledger->remember_commit(production, "v1.0.0", first));
  EXPECT_EQ(told(ledger->remember_commit(production, "v1.0.0", std::string(40, 'b'))),
            "error tag.moved: tag v1.0.0 points at bbbbbbbbbbbb; it was aaaaaaaaaaaa when "
            "portfolio/production first used it\n"
            "  next  tags are for ever: make a new one\n");
  EXPECT_EQ(*ledger->commit_of(production, "v1.0.0"), first);
}

TEST_F(MemoryTest, AdoptionIsWrittenAsIfItHadBeenDoneHere) {
  Adoption adoption{"anna"};
  adoption.current = release_of("v1.2.2");
  adoption.previous = release_of("v1.2.1");
  adoption.once_keys = {{"portfolio/production/release/v1.2.2", "release"}};
  adoption.changed_to = "v1.2.2@c";
  adoption.lineages = {"another"};
  ASSERT_TRUE(ledger->adopt(production, adoption));
  const Memory memory = *ledger->memory(production);
  EXPECT_EQ(memory.current->tag, "v1.2.2");
  EXPECT_EQ(memory.previous->tag, "v1.2.1");
  EXPECT_EQ(memory.changed_to, "v1.2.2@c");
  EXPECT_EQ(memory.once.at("portfolio/production/release/v1.2.2"), Fate::succeeded);
  EXPECT_THAT(*ledger->lineages(production),
              testing::UnorderedElementsAre("another", ledger->lineage()));
  const RunRow run = **ledger->last_run(production);
  EXPECT_EQ(run.end.reason, "Adopted");
  EXPECT_TRUE(truth_at(run.attempts.at(0).evidence, "assumed"));
}

TEST_F(MemoryTest, AdoptingAnotherLineageAloneForgetsNothing) {
  deploy("v1.0.0");
  deploy("v1.1.0");
  Adoption adoption{"anna"};
  adoption.lineages = {"another"};
  ASSERT_TRUE(ledger->adopt(production, adoption));
  const Memory memory = *ledger->memory(production);
  EXPECT_EQ(memory.current->tag, "v1.1.0");
  EXPECT_EQ(memory.previous->tag, "v1.0.0");
}

TEST_F(MemoryTest, WhatIsLookedOnBeginsWithAVersionAndWithNothingElse) {
  const ResourceId mailer{"compose", "service", "mailer"};
  const auto record = [&](const Release& release, const Ledger::RecordedAs& how = {}) {
    clock.pass(std::chrono::hours(1));
    const RunId run = *ledger->begin_run(start_of("", release.tag));
    Release now = release;
    now.at = clock.wall();
    EXPECT_TRUE(ledger->record(run, now, {}, how));
    EXPECT_TRUE(ledger->end_run(run, {"Ready", "Succeeded"}));
    reopen();
    return ledger->memory(production)->watched;
  };
  const auto first = record(release_of("v1.0.0"));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->back, std::nullopt) << "there was none before it";
  const auto second = record(release_of("v1.1.0"), {"asked", {mailer}, false});
  ASSERT_TRUE(second);
  EXPECT_EQ(second->from, clock.wall());
  EXPECT_EQ(second->back, "v1.0.0");
  EXPECT_THAT(second->unwell, ElementsAre(mailer));
  // Of another digest, which what is installed on the host has part in.
  Release changed = release_of("v1.1.0");
  changed.digest = "another";
  const auto healed = record(changed, {"asked"});
  ASSERT_TRUE(healed);
  EXPECT_EQ(healed->from, second->from) << "putting something right begins no time anew";
  EXPECT_EQ(healed->back, "v1.0.0");
  EXPECT_THAT(healed->unwell, ElementsAre(mailer));
  EXPECT_EQ(record(changed, {"asked with other words"})->from, second->from);
  changed.digest = "a third";
  const auto another = record(changed, {"asked otherwise"});
  ASSERT_TRUE(another);
  EXPECT_EQ(another->from, clock.wall());
  EXPECT_EQ(another->back, std::nullopt) << "what it was before is kept by nobody";
  EXPECT_TRUE(another->unwell.empty());
  EXPECT_FALSE(record(release_of("v1.0.0"), {"asked", {}, true})) << "it was gone back to";
  EXPECT_EQ(record(release_of("v1.2.0"))->back, "v1.0.0");
  ASSERT_TRUE(ledger->forget(production, "anna"));
  EXPECT_FALSE(ledger->memory(production)->watched);
}

TEST_F(MemoryTest, RecordOfARunThatIsNotThereChangesNothing) {
  EXPECT_EQ(told(ledger->record(17, release_of("v1.0.0"), {})),
            "error ledger.run_unknown: the ledger has no run 17\n");
  EXPECT_EQ(told(ledger->intend(17, switch_action())),
            "error ledger.run_unknown: the ledger has no run 17\n");
}

}  // namespace
}  // namespace reconciler
