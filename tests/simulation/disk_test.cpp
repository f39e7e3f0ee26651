// What chronicles found out about the ledger and its disk, each on its own.
#include <gtest/gtest.h>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/ledger/ledger.hpp"
#include "tests/simulation/disk.hpp"
#include "tests/simulation/world.hpp"

namespace reconciler::simulation {
namespace {

class LedgerOnDisk : public testing::Test {
 protected:
  ~LedgerOnDisk() override { (void)remove_tree(folder_); }
  std::unique_ptr<Ledger> open() { return std::move(*Ledger::open(folder_, clock_, disk_.name())); }
  Status suspend(Ledger& ledger, const std::string& reason) {
    return ledger.suspend(id_, {"anna", reason, clock_.wall(), {}});
  }
  /// All that was not synced is gone.
  void lose_power() {
    disk_.lose_power([](std::uint64_t) { return 0; });
  }

  const std::string folder_ = "/dev/shm/reconciler-disk-" + to_hex(random_bytes(8));
  const EnvironmentId id_{"app", "production"};
  SimClock clock_;
  Life life_;
  Disk disk_{life_};
};

TEST_F(LedgerOnDisk, AfterASyncThatFailedTheNextProcessWritesAnewWhatTheKernelOnlyShows) {
  auto run = open();  // with which nobody who closes it is the last one
  auto ledger = open();
  RunStart start;
  start.id = id_;
  const auto begun = ledger->begin_run(start);
  ASSERT_TRUE(begun);
  // Log lines are not synced by themselves: they go with the next write.
  ASSERT_TRUE(ledger->append_log(*begun, {"a line"}));
  disk_.fail_sync();
  const auto refused = suspend(*ledger, "lost");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "ledger.io");
  EXPECT_FALSE(suspend(*ledger, "it refuses everything"));
  ledger.reset();

  ledger = open();
  ASSERT_TRUE(suspend(*ledger, "after"));
  life_.dies_at(0);  // so that nothing is written back as they close
  ledger.reset();
  run.reset();
  life_.begin();
  lose_power();
  ledger = open();
  EXPECT_FALSE(ledger->loss());
  const auto memory = ledger->memory(id_);
  ASSERT_TRUE(memory);
  ASSERT_TRUE(memory->suspended);
  EXPECT_EQ(memory->suspended->reason, "after");
}

TEST_F(LedgerOnDisk, ASyncThatFailedIsNeverTakenForAFullDisk) {
  auto ledger = open();
  ASSERT_TRUE(suspend(*ledger, "before"));
  disk_.fail_sync(ENOSPC);
  const auto refused = suspend(*ledger, "lost");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "ledger.io");
  ASSERT_TRUE(ledger->finished());
  EXPECT_EQ(ledger->finished()->code, "ledger.io");
  EXPECT_FALSE(ledger->memory(id_));
}

TEST_F(LedgerOnDisk, WhatAKilledProcessDidNotSyncIsDurableOnceTheNextOneHasWritten) {
  auto ledger = open();
  ASSERT_TRUE(suspend(*ledger, "before"));
  // It dies between the last write and its sync.
  disk_.lie();
  ASSERT_TRUE(suspend(*ledger, "not synced"));
  disk_.mend();
  ledger.reset();

  ledger = open();
  EXPECT_EQ(ledger->memory(id_)->suspended->reason, "not synced");
  ASSERT_TRUE(ledger->suspend({"app", "another"}, {"anna", "", clock_.wall(), {}}));
  life_.dies_at(0);
  ledger.reset();
  life_.begin();
  lose_power();
  ledger = open();
  EXPECT_EQ(ledger->memory(id_)->suspended->reason, "not synced");
}

}  // namespace
}  // namespace reconciler::simulation
