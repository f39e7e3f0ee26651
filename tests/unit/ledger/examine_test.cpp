// What `doctor` asks of a state folder, whatever state that is in; nothing is made or mended.
#include "reconciler/ledger/examine.hpp"

#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/ledger/support.hpp"

namespace reconciler {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ExamineTest : public testing::Test {
 protected:
  Folder folder;
  MovedClock clock;
  const std::string state = folder / "state";

  std::vector<std::string> names() const { return *list_folder(state); }
  std::string told() const {
    const auto exam = examine_ledger(state);
    return exam ? "no error\n" : render(exam.error());
  }
};

TEST_F(ExamineTest, WhereThereIsNothingNothingIsMade) {
  const auto exam = examine_ledger(state);
  ASSERT_TRUE(exam);
  EXPECT_FALSE(*exam);
  EXPECT_FALSE(exists(state));
  ::mkdir(state.c_str(), 0700);
  EXPECT_FALSE(*examine_ledger(state));
  EXPECT_THAT(names(), ElementsAre());
}

TEST_F(ExamineTest, AWholeLedgerIsCounted) {
  { (void)open_ledger(state, clock); }
  const auto before = names();
  const auto exam = examine_ledger(state);
  ASSERT_TRUE(exam) << told();
  ASSERT_TRUE(*exam);
  EXPECT_EQ((*exam)->runs, 0);
  EXPECT_GT((*exam)->bytes, 4096);
  EXPECT_FALSE((*exam)->newest);
  EXPECT_FALSE((*exam)->loss);
  EXPECT_EQ(names(), before);
}

TEST_F(ExamineTest, OneThatIsInUseIsReadWithItsLog) {
  const auto ledger = open_ledger(state, clock);
  ASSERT_TRUE(ledger->remember_commit({"shop", "live"}, "v1", std::string(40, 'a')));
  const auto exam = examine_ledger(state);
  ASSERT_TRUE(exam) << told();
  EXPECT_EQ((*exam)->environments, 1);
}

TEST_F(ExamineTest, WithoutItsLogNoneIsMade) {
  { (void)open_ledger(state, clock); }
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open((state + "/ledger.db").c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(db);
  ::unlink((state + "/ledger.db-wal").c_str());
  ::unlink((state + "/ledger.db-shm").c_str());
  ASSERT_TRUE(*examine_ledger(state)) << told();
  EXPECT_THAT(names(), testing::Not(testing::Contains(HasSubstr("-"))));
}

TEST_F(ExamineTest, ADamagedOneIsLeftWhereItIs) {
  { (void)open_ledger(state, clock); }
  ::unlink((state + "/ledger.db-wal").c_str());
  ASSERT_TRUE(replace_file(state + "/ledger.db", std::string(8192, 'x')));
  const auto before = names();
  EXPECT_THAT(told(), HasSubstr("error ledger.damaged: "));
  EXPECT_EQ(names(), before);
}

TEST_F(ExamineTest, OneThatIsGoneIsSaid) {
  { (void)open_ledger(state, clock); }
  ::unlink((state + "/ledger.db").c_str());
  EXPECT_EQ(told(), "error ledger.lost: " + state + "/ledger.db is gone, though " + state +
                        "/key shows that there was one\n"
                        "  next  put it back from a backup; else the next command makes a new one, "
                        "and what runs is taken over: reconciler adopt APP/ENV\n");
  EXPECT_FALSE(exists(state + "/ledger.db"));
}

TEST_F(ExamineTest, AnotherKeyIsSaid) {
  { (void)open_ledger(state, clock); }
  ASSERT_TRUE(replace_file(state + "/key", std::string(32, 'k')));
  EXPECT_EQ(told(),
            "error ledger.key_lost: " + state + "/key is not the key that " + state +
                "/ledger.db was made with\n"
                "  next  put the key back from a backup; what was sealed under it cannot be "
                "read\n");
}

TEST_F(ExamineTest, ModesAreLookedAt) {
  { (void)open_ledger(state, clock); }
  ::chmod((state + "/key").c_str(), 0644);
  EXPECT_EQ(told(), "error state.unsafe: " + state +
                        "/key has mode 0644; it must be closed to others\n  next  chmod 0600 " +
                        state + "/key\n");
  ::chmod(state.c_str(), 0755);
  EXPECT_EQ(told(), "error state.unsafe: " + state +
                        " has mode 0755; it must be closed to others\n  next  chmod 0700 " + state +
                        "\n");
}

}  // namespace
}  // namespace reconciler
