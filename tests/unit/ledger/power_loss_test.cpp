// Power goes off at any moment: whatever the disk then holds, the ledger opens, has all that was
// promised and nothing by halves, and goes on.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include <filesystem>
#include <functional>

#include "reconciler/base/digest.hpp"
#include "tests/unit/ledger/life.hpp"

namespace reconciler::power {
namespace {

class PowerLoss : public Visits {
 protected:
  void TearDown() override {
    if (!life) return;
    std::vector<std::string> faults;
    count(life->visit({}, selection, faults));
    expect_none(std::move(faults));
  }

  /// A ledger with one version, closed and durable; what comes then is recorded.
  void begin_with_one_version() {
    {
      const auto made = open_ledger(state, clock);
      deploy(*made, "v1");
    }
    begin();
    promise([&] { ledger = open_ledger(state, clock); });
    life->had_it_before();
  }
  void begin() { life = std::make_unique<Life>(folders); }
  void promise(const std::function<void()>& what) { life->promise(what); }
  void close() {
    promise([&] { ledger.reset(); });
  }
  void well(const Status& status) { ASSERT_TRUE(status) << render(status.error()); }

  static void deploy(Ledger& ledger, const std::string& tag) {
    const RunId run = *ledger.begin_run(start_of("", tag));
    const std::string id = *ledger.intend(run, release_action(tag));
    ASSERT_TRUE(ledger.result(id, {Fate::succeeded, {}}));
    ASSERT_TRUE(ledger.record(run, release_of(tag), records(tag)));
    ASSERT_TRUE(ledger.end_run(run, {"Ready", "Succeeded"}));
  }
  static SealedRecords records(const std::string& tag) {
    SealedRecords all;
    for (const char* name : {"web", "worker"})
      all[{"compose", "service", name}] = {Sealed{tag + std::string(3000, *name)}, true};
    return all;
  }

  const ResourceId image{"compose", "image", "backend:v2"};
  std::unique_ptr<Life> life;
  std::unique_ptr<Ledger> ledger;
  Selection selection = usual();
};

TEST_F(PowerLoss, WhileTheLedgerIsMade) {
  begin();
  promise([&] { ledger = open_ledger(state, clock); });
  promise([&] { ASSERT_TRUE(ledger->begin_run(start_of("", "v1"))); });
  close();
}

TEST_F(PowerLoss, WhileAVersionIsDeployed) {
  begin_with_one_version();
  RunId run = 0;
  std::string id;
  promise([&] { well(ledger->remember_commit(production, "v2", "c2")); });
  promise([&] { run = *ledger->begin_run(start_of("v1", "v2")); });
  promise([&] { well(ledger->claim(production, "v2", {{image, "inputs"}})); });
  promise([&] { id = *ledger->intend(run, release_action("v2")); });
  promise([&] { well(ledger->touch(production, {})); });
  life->hope([&] { well(ledger->append_log(run, {"a line", std::string(6000, 'x')})); });
  promise([&] { well(ledger->result(id, {Fate::succeeded, {}})); });
  promise([&] { well(ledger->switch_steps_done(production, "v2")); });
  promise([&] { well(ledger->record(run, release_of("v2"), records("v2"))); });
  promise([&] { well(ledger->end_run(run, {"Ready", "Succeeded"})); });
  close();
}

TEST_F(PowerLoss, WhileAVersionFailsAndIsRejected) {
  begin_with_one_version();
  RunId run = 0;
  std::string id;
  promise([&] { run = *ledger->begin_run(start_of("v1", "v2")); });
  promise([&] { id = *ledger->intend(run, release_action("v2")); });
  promise([&] { well(ledger->failed_to_run(id, error("docker.unreachable", "gone"))); });
  promise([&] { well(ledger->result(id, {Fate::unknown, {}})); });
  promise([&] {
    Target target;
    target.rejected_tag = "v2";
    well(ledger->reject(run, {"RolledBack", "VerifyFailed"}, target));
  });
  promise([&] {
    well(ledger->settle(production, release_action("v2").once_key, Fate::not_started, "anna"));
  });
  promise([&] { ASSERT_TRUE(ledger->retry(production, "anna")); });
  promise([&] { well(ledger->clear_target(production)); });
  close();
}

TEST_F(PowerLoss, WhilePeopleSaySomething) {
  begin_with_one_version();
  promise([&] { well(ledger->suspend(production, {"anna", "holidays", clock.wall(), {}})); });
  promise([&] { well(ledger->resume(production)); });
  promise([&] { well(ledger->approve(production, {"plan-v2"}, "anna")); });
  promise([&] { well(ledger->drifted(production, {{image, "tag"}})); });
  promise([&] { well(ledger->assume(production, "release/v0", "release", Fate::succeeded, "a")); });
  close();
}

TEST_F(PowerLoss, WhileAnEnvironmentIsTakenOverAndRemoved) {
  begin_with_one_version();
  promise([&] {
    Adoption adoption;
    adoption.lineages = {"another"};
    adoption.current = release_of("v2");
    adoption.previous = release_of("v0");
    adoption.snapshots = records("v2");
    well(ledger->adopt(production, adoption));
  });
  promise([&] { well(ledger->claim(production, "v2", {{image, "inputs"}})); });
  promise([&] { well(ledger->release(production, {{"v2", image}})); });
  promise([&] { well(ledger->claim(production, "v2", {{image, "inputs"}})); });
  promise([&] { well(ledger->forget(production, image)); });
  promise([&] { well(ledger->forget(production, "anna")); });
  close();
}

TEST_F(PowerLoss, WhileItIsOpenedClosedAndOpenedAgain) {
  begin_with_one_version();
  for (const char* tag : {"v2", "v3"}) {
    promise([&] {
      well(ledger->suspend(production, {"anna", std::string(tag), clock.wall(), {}}));
    });
    close();
    promise([&] { ledger = open_ledger(state, clock); });
  }
  close();
}

TEST_F(PowerLoss, WhileTheLogOfWritesIsWrittenBack) {
  begin_with_one_version();
  RunId run = 0;
  promise([&] { run = *ledger->begin_run(start_of("v1", "v2")); });
  // More than a thousand pages: SQLite writes back within the call.
  promise([&] {
    well(ledger->record(
        run, release_of("v2"),
        {{{"compose", "service", "web"}, {Sealed{std::string(size_t{4'300'000}, 'x')}, true}}}));
  });
  promise([&] { well(ledger->end_run(run, {"Ready", "Succeeded"})); });
  close();
  selection = {2, 1, 1, 1};
}

TEST_F(PowerLoss, WhileAFileOfVersion1IsBroughtUpToDate) {
  const std::string key(32, 'k');
  ASSERT_TRUE(make_folders(state, 0700));
  ASSERT_TRUE(replace_file(state + "/key", key, 0600));
  ASSERT_TRUE(replace_file(state + "/ledger.db", "", 0600));
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open((state + "/ledger.db").c_str(), &db), SQLITE_OK);
  const std::string sql = *read_file(LEDGER_VERSION_1) + "INSERT INTO meta VALUES ('key', '" +
                          keyed_digest(key, "reconciler installation key") + "')";
  ASSERT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(db);
  begin();
  life->had_it_before();
  promise([&] { ledger = open_ledger(state, clock); });
  promise([&] { ASSERT_TRUE(ledger->begin_run(start_of("", "v9"))); });
  close();
}

/// On a disk for which the promises cannot be kept they are seen to be broken: the tests can fail.
class ALyingDisk : public PowerLoss {
 protected:
  void TearDown() override {}
  size_t faults_with(const Rules& rules) {
    begin();
    promise([&] { ledger = open_ledger(state, clock); });
    promise([&] { well(ledger->suspend(production, {"anna", "", clock.wall(), {}})); });
    std::vector<std::string> faults;
    (void)life->visit(rules, {8, 1, 2, 1}, faults);
    return faults.size();
  }
};

TEST_F(ALyingDisk, IsSeenWhereItForgetsFiles) {
  EXPECT_GT(faults_with({.sync_files = false}), 0U);
}

TEST_F(ALyingDisk, IsSeenWhereItForgetsNames) {
  EXPECT_GT(faults_with({.sync_folders = false}), 0U);
}

TEST(PowerLossImages, AreThousands) {
  std::printf("power loss: %zu images of %zu writes and %zu syncs, cut at %zu places\n",
              total.images, total.writes, total.syncs, total.cuts);
  RecordProperty("held", std::to_string(total.images) + " states of the disk after a cut of power");
  const auto& all = *testing::UnitTest::GetInstance();
  if (all.test_to_run_count() == all.total_test_count()) {
    EXPECT_GE(total.images, 2000U);
  }
}

}  // namespace
}  // namespace reconciler::power
