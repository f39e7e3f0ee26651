// Files of older programs: brought up to date as they are opened, at once or not at all.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include <thread>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/process.hpp"
#include "tests/unit/ledger/support.hpp"

namespace reconciler {
namespace {

class MigrationTest : public testing::Test {
 protected:
  Folder folder;
  MovedClock clock;
  const std::string state = folder / "state";

  void SetUp() override {
    const std::string key(32, 'k');
    ASSERT_TRUE(make_folders(state, 0700));
    ASSERT_TRUE(replace_file(state + "/key", key, 0600));
    ASSERT_TRUE(replace_file(state + "/ledger.db", "", 0600));
    sql(*read_file(LEDGER_VERSION_1, 1 << 20, false));
    sql("INSERT INTO meta VALUES ('key', '" + keyed_digest(key, "reconciler installation key") +
        "')");
  }
  void sql(const std::string& text) const {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open((state + "/ledger.db").c_str(), &db), SQLITE_OK);
    char* why = nullptr;
    ASSERT_EQ(sqlite3_exec(db, text.c_str(), nullptr, nullptr, &why), SQLITE_OK) << why;
    sqlite3_close(db);
  }
  std::string one(const std::string& text) const {
    sqlite3* db = nullptr;
    sqlite3_open((state + "/ledger.db").c_str(), &db);
    std::string out;
    sqlite3_exec(
        db, text.c_str(),
        [](void* into, int n, char** values, char**) {
          for (int i = 0; i < n; ++i) *static_cast<std::string*>(into) += values[i];
          return 0;
        },
        &out, nullptr);
    sqlite3_close(db);
    return out;
  }
  void expect_all_is_there() {
    const auto ledger = open_ledger(state, clock);
    EXPECT_FALSE(ledger->loss());
    EXPECT_EQ(ledger->lineage(), "6f1c2f6e-6d5b-4c0e-9b1a-111111111111");
    const Memory memory = *ledger->memory(production);
    EXPECT_EQ(memory.current->tag, "v1.1.0");
    EXPECT_EQ(memory.previous->tag, "v1.0.0");
    EXPECT_EQ(memory.once.at("release/v1.1.0"), Fate::succeeded);
    EXPECT_EQ(ledger->history(production, 10)->size(), 1U);
    EXPECT_TRUE(memory.snapshots.empty());
    const RunId run = *ledger->begin_run(start_of("v1.1.0", "v1.2.0"));
    EXPECT_EQ(run, 2);
    EXPECT_TRUE(ledger->record(run, release_of("v1.2.0"), {{{"d", "k", "n"}, {{"box"}, true}}}));
    EXPECT_EQ(boxes(*ledger, Ledger::Slot::current), "box");
    EXPECT_EQ(one("PRAGMA user_version"), "8");
  }
};

TEST_F(MigrationTest, AFileOfVersion1IsBroughtUpToDate) {
  expect_all_is_there();
}

TEST_F(MigrationTest, ARestoreOfAnOlderProgramThatMayHaveBegunCounts) {
  expect_all_is_there();
  const auto restores = [&](const std::string& code) {
    one("DELETE FROM attempts WHERE verb = 'restore'; INSERT INTO attempts (run, environment, "
        "once_key, action_key, phase, verb, title, work, started, code) SELECT serial, "
        "environment, "
        "'', '', 'release', 'restore', 'a file', '{}', 1, '" +
        code + "' FROM runs LIMIT 1; " + back_to_version_7 +
        "DROP INDEX attempts_backing_up; PRAGMA user_version = 6");
    return open_ledger(state, clock)->last_restoring_run(production)->has_value();
  };
  EXPECT_TRUE(restores("")) << "cut off";
  EXPECT_TRUE(restores("docker.unreachable"));
  EXPECT_FALSE(restores("service.unwell"));
}

TEST_F(MigrationTest, ANewFileHasTheTablesOfOneThatWasBroughtUpToDate) {
  const char* tables = "SELECT type || name || ifnull(sql, '') FROM sqlite_schema ORDER BY name";
  (void)open_ledger(state, clock);
  const std::string brought = one(tables);
  ASSERT_TRUE(remove_tree(state));
  (void)open_ledger(state, clock);
  EXPECT_EQ(one(tables), brought);
}

TEST_F(MigrationTest, KilledInTheMiddleItIsOfVersion1AndTheNextGoesOn) {
  Command command;
  command.argv = {LEDGER_PLAYER, "deploy", state, "v1.2.0"};
  command.environment = {{"RECONCILER_FAILPOINTS", "ledger.migrate.within:kill"}};
  const auto killed = run_process(command);
  ASSERT_TRUE(killed);
  EXPECT_EQ(killed->exit_code, 128 + 9) << killed->err;
  EXPECT_EQ(one("PRAGMA user_version"), "1");
  EXPECT_EQ(one("SELECT count(*) FROM sqlite_schema WHERE name = 'snapshots'"), "0");
  expect_all_is_there();
}

TEST_F(MigrationTest, ManyAtOnceBringItUpToDateOnce) {
  std::vector<std::string> codes(6);
  {
    std::vector<std::jthread> players;
    for (auto& code : codes)
      players.emplace_back([&] {
        auto ledger = Ledger::open(state, clock);
        if (!ledger) code = told(ledger);
      });
  }
  EXPECT_THAT(codes, testing::Each(""));
  expect_all_is_there();
}

}  // namespace
}  // namespace reconciler
