// Sealed records: with which version they go, and how many there may be.
#include <gmock/gmock.h>

#include "tests/unit/ledger/support.hpp"

namespace reconciler {
namespace {

using Slot = Ledger::Slot;

const ResourceId web{"compose", "service", "web"};
const ResourceId hooks{"compose", "pre_stop", "web"};

SealedRecords records_of(const std::string& tag) {
  // Bytes, not text: also those that no text has.
  return {{web, {Sealed{"web of " + tag + std::string("\0\xff", 2)}, false}},
          {hooks, {Sealed{"hooks of " + tag}, true}}};
}

class SnapshotsTest : public testing::Test {
 protected:
  Folder folder;
  MovedClock clock;
  std::unique_ptr<Ledger> ledger = open_ledger(folder / "state", clock);

  Status record(const std::string& tag, const SealedRecords& records,
                const EnvironmentId& id = production) {
    RunStart start = start_of("", tag);
    start.id = id;
    return ledger->record(*ledger->begin_run(start), release_of(tag), records);
  }
  std::string box(const ResourceId& of, Slot slot) const {
    const auto all = *ledger->snapshots(production, slot);
    const auto found = all.find(of);
    return found == all.end() ? "none" : found->second.sealed.box;
  }
};

TEST_F(SnapshotsTest, TheyGoWithTheirVersion) {
  ASSERT_TRUE(record("v1", records_of("v1")));
  EXPECT_EQ(box(web, Slot::current), "web of v1" + std::string("\0\xff", 2));
  EXPECT_TRUE(ledger->snapshots(production, Slot::previous)->empty());
  ASSERT_TRUE(record("v2", records_of("v2")));
  ASSERT_TRUE(record("v3", records_of("v3")));
  ledger.reset();
  ledger = open_ledger(folder / "state", clock);
  EXPECT_EQ(box(hooks, Slot::current), "hooks of v3");
  EXPECT_EQ(box(hooks, Slot::previous), "hooks of v2");
  EXPECT_EQ(ledger->snapshots(production, Slot::current)->size(), 2U);
}

TEST_F(SnapshotsTest, TheSameVersionAgainKeepsThePreviousOnes) {
  ASSERT_TRUE(record("v1", records_of("v1")));
  ASSERT_TRUE(record("v2", records_of("v2")));
  ASSERT_TRUE(record("v2", {{web, {Sealed{"again"}, false}}}));
  EXPECT_EQ(box(web, Slot::current), "again");
  EXPECT_EQ(box(hooks, Slot::current), "none") << "of a thing that is no more";
  EXPECT_EQ(box(hooks, Slot::previous), "hooks of v1");
}

TEST_F(SnapshotsTest, AVersionWithoutThemHasNoOthers) {
  ASSERT_TRUE(record("v1", records_of("v1")));
  ASSERT_TRUE(record("v2", {}));
  EXPECT_TRUE(ledger->snapshots(production, Slot::current)->empty());
  EXPECT_EQ(box(hooks, Slot::previous), "hooks of v1");
  ASSERT_TRUE(record("v3", {}));
  EXPECT_TRUE(ledger->snapshots(production, Slot::previous)->empty());
}

TEST_F(SnapshotsTest, EachLookGetsThoseThatAreForIt) {
  ASSERT_TRUE(record("v1", records_of("v1")));
  ASSERT_TRUE(record("v2", records_of("v2")));
  const Memory memory = *ledger->memory(production);
  ASSERT_EQ(memory.snapshots.size(), 1U);
  EXPECT_EQ(memory.snapshots.at(hooks).sealed.box, "hooks of v2");
  EXPECT_TRUE(memory.snapshots.at(hooks).at_each_look);
}

TEST_F(SnapshotsTest, EnvironmentsDoNotSeeEachOthers) {
  const EnvironmentId stage{"portfolio", "stage"};
  ASSERT_TRUE(record("v1", records_of("v1")));
  ASSERT_TRUE(record("v9", records_of("v9"), stage));
  ASSERT_TRUE(record("v2", records_of("v2")));
  EXPECT_EQ(ledger->snapshots(stage, Slot::current)->at(hooks).sealed.box, "hooks of v9");
  EXPECT_TRUE(ledger->snapshots(stage, Slot::previous)->empty());
}

TEST_F(SnapshotsTest, WhatIsTakenOverHasNone) {
  ASSERT_TRUE(record("v1", records_of("v1")));
  ASSERT_TRUE(record("v2", records_of("v2")));
  // Another lineage's containers are ours from now on; what was recorded stays.
  ASSERT_TRUE(ledger->adopt(production, {.who = "anna", .lineages = {"other"}}));
  EXPECT_EQ(box(hooks, Slot::current), "hooks of v2");
  // Somebody deployed by hand: what runs is not what was recorded.
  ASSERT_TRUE(ledger->adopt(production, {.who = "anna", .current = release_of("v2")}));
  EXPECT_TRUE(ledger->snapshots(production, Slot::current)->empty());
  EXPECT_TRUE(ledger->snapshots(production, Slot::previous)->empty());
}

TEST_F(SnapshotsTest, TooLargeIsRefusedAndNothingIsWritten) {
  ASSERT_TRUE(record("v1", records_of("v1")));
  constexpr size_t most = size_t{8} << 20U;
  ASSERT_TRUE(record("v2", {{web, {Sealed{std::string(most, 'x')}, false}}}));
  EXPECT_EQ(told(record("v3", {{web, {Sealed{std::string(most + 1, 'x')}, false}}})),
            "error ledger.too_large: the sealed record of compose/service/web has 8388609 bytes; "
            "one may have 8388608\n"
            "  next  the way back to it needs its images, its tree and its variables again\n");
  SealedRecords many;
  for (int n = 0; n < 1001; ++n) many[{"compose", "service", std::to_string(n)}] = {};
  EXPECT_EQ(told(record("v3", many)),
            "error ledger.too_large: a version has 1001 sealed records; the ledger keeps 1000\n"
            "  next  the way back to it needs its images, its tree and its variables again\n");
  EXPECT_EQ(ledger->memory(production)->current->tag, "v2");
  many.erase(many.begin());
  EXPECT_TRUE(record("v3", many));
}

TEST_F(SnapshotsTest, ARunThatIsNotKnownChangesNothing) {
  ASSERT_TRUE(record("v1", records_of("v1")));
  EXPECT_FALSE(ledger->record(17, release_of("v2"), records_of("v2")));
  EXPECT_EQ(box(hooks, Slot::current), "hooks of v1");
}

TEST_F(SnapshotsTest, WithAnotherKeyTheyAreKeptAndTheLossIsSaid) {
  ASSERT_TRUE(record("v1", records_of("v1")));
  ledger.reset();
  ASSERT_TRUE(replace_file(folder / "state/key", std::string(32, 'k'), 0600));
  ledger = open_ledger(folder / "state", clock);
  ASSERT_TRUE(ledger->loss());
  EXPECT_EQ(ledger->loss()->code, "ledger.key_lost");
  // The right key may be put back.
  EXPECT_EQ(box(hooks, Slot::current), "hooks of v1");
}

}  // namespace
}  // namespace reconciler
