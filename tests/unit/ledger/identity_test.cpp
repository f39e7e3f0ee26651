// One owner: folder, ledger, lineage and key, and what happens when one of them is not right.
#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reconciler/ledger/examine.hpp"
#include "tests/unit/ledger/support.hpp"

namespace reconciler {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class IdentityTest : public testing::Test {
 protected:
  Folder folder;
  MovedClock clock;
  const std::string state = folder / "state";

  unsigned mode(const std::string& path) const {
    struct stat about {};
    return ::stat(path.c_str(), &about) == 0 ? about.st_mode & 07777U : 0;
  }
  void sql(const char* text) const {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open((state + "/ledger.db").c_str(), &db), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(db, text, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(db);
  }
  void break_ledger() const {
    ::unlink((state + "/ledger.db-wal").c_str());
    ASSERT_TRUE(replace_file(state + "/ledger.db", std::string(8192, 'x')));
  }
};

TEST_F(IdentityTest, EverythingIsMadeAndClosedToOthers) {
  const auto ledger = open_ledger(state, clock);
  EXPECT_THAT(ledger->lineage(),
              MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  EXPECT_EQ(ledger->key().bytes.size(), 32U);
  EXPECT_FALSE(ledger->loss());
  EXPECT_EQ(mode(state), 0700U);
  for (const std::string name : {"/ledger.db", "/ledger.db-wal", "/ledger.db-shm", "/key"})
    EXPECT_EQ(mode(state + name), 0600U) << name;
  EXPECT_FALSE(exists(state + "/key.new"));
}

TEST_F(IdentityTest, OpenedAgainItIsTheSame) {
  const auto first = open_ledger(state, clock);
  const auto second = open_ledger(state, clock);
  EXPECT_EQ(first->lineage(), second->lineage());
  EXPECT_EQ(first->key().bytes, second->key().bytes);
}

TEST_F(IdentityTest, AFolderOpenToOthersIsRefused) {
  (void)open_ledger(state, clock);
  ::chmod(state.c_str(), 0750);
  EXPECT_EQ(told(Ledger::open(state, clock)), "error state.unsafe: " + state +
                                                  " has mode 0750; it must be closed to others\n"
                                                  "  next  chmod 0700 " +
                                                  state + "\n");
}

TEST_F(IdentityTest, AFolderThatIsALinkIsRefused) {
  (void)open_ledger(state, clock);
  const std::string link = folder / "link";
  ASSERT_EQ(::symlink(state.c_str(), link.c_str()), 0);
  EXPECT_EQ(told(Ledger::open(link, clock)),
            "error state.unsafe: " + link +
                " is a symbolic link; the state must lie there itself\n"
                "  next  name the real folder with --state-dir\n");
}

TEST_F(IdentityTest, AFolderOfAnotherUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  (void)open_ledger(state, clock);
  ASSERT_EQ(::chown(state.c_str(), 1234, 1234), 0);
  EXPECT_EQ(told(Ledger::open(state, clock)),
            "error state.unsafe: " + state +
                " belongs to user 1234, and this is user 0\n"
                "  next  run as its owner, or name another --state-dir\n");
}

TEST_F(IdentityTest, FilesOpenToOthersAreRefused) {
  (void)open_ledger(state, clock);
  ::chmod((state + "/key").c_str(), 0644);
  EXPECT_EQ(told(Ledger::open(state, clock)),
            "error state.unsafe: " + state +
                "/key has mode 0644; it must be closed to others\n"
                "  next  chmod 0600 " +
                state + "/key\n");
  ::chmod((state + "/key").c_str(), 0600);
  ASSERT_EQ(::link((state + "/ledger.db").c_str(), (folder / "other").c_str()), 0);
  EXPECT_EQ(told(Ledger::open(state, clock)), "error state.unsafe: " + state +
                                                  "/ledger.db has a second name (a hard link)\n"
                                                  "  next  remove the other name\n");
}

TEST_F(IdentityTest, ALedgerOfALaterProgramIsRefusedAndLeftAlone) {
  (void)open_ledger(state, clock);
  sql("PRAGMA user_version = 9");
  EXPECT_EQ(told(Ledger::open(state, clock)),
            "error ledger.newer_version: " + state +
                "/ledger.db has format 9; this program knows formats up to 8\n"
                "  next  use the reconciler that wrote it, or a newer one\n");
  sql("PRAGMA user_version = 8");
  EXPECT_FALSE(open_ledger(state, clock)->loss());
}

TEST_F(IdentityTest, ABrokenLedgerIsSetAsideAndSaid) {
  const std::string before = open_ledger(state, clock)->lineage();
  break_ledger();
  const std::string aside = state + "/ledger.db.corrupt-20261121T110000Z";
  std::string after;
  {
    const auto ledger = open_ledger(state, clock);
    after = ledger->lineage();
    EXPECT_NE(after, before);
    EXPECT_EQ(
        render(*ledger->loss()),
        "error ledger.corrupt: " + state +
            "/ledger.db was broken; a new one was made\n"
            "  found  cannot make sense of " +
            state +
            "/ledger.db: file is not a database\n"
            "  aside  " +
            aside +
            "\n"
            "  next   nothing is run on a guess: reconciler adopt APP/ENV takes over what runs\n");
    EXPECT_TRUE(*ledger->needs_adoption(production));
  }
  EXPECT_EQ(*read_file(aside), std::string(8192, 'x'));
  const auto again = open_ledger(state, clock);
  EXPECT_EQ(again->lineage(), after);
  EXPECT_EQ(again->loss()->code, "ledger.corrupt");
  ASSERT_TRUE(again->adopt(production, {"anna"}));
  EXPECT_FALSE(*again->needs_adoption(production));
  EXPECT_TRUE(*again->needs_adoption({"portfolio", "stage"}));
}

TEST_F(IdentityTest, ABrokenPageFoundInUseIsExaminedAtTheNextOpen) {
  std::string before;
  {
    const auto ledger = open_ledger(state, clock);
    before = ledger->lineage();
    for (int n = 0; n < 200; ++n) ASSERT_TRUE(ledger->begin_run(start_of("", "v1")));
  }
  sql("PRAGMA wal_checkpoint(TRUNCATE)");
  std::string bytes = *read_file(state + "/ledger.db");
  // After the pages of the schema and the first of each table.
  for (size_t page = 28; page * 4096 < bytes.size(); ++page)
    bytes.replace(page * 4096, 64, 64, '\xee');
  ASSERT_TRUE(replace_file(state + "/ledger.db", bytes));
  const auto history = open_ledger(state, clock)->history(production, 300);
  ASSERT_FALSE(history);
  EXPECT_EQ(history.error().code, "ledger.damaged");
  EXPECT_EQ(history.error().hint,
            "run the same again: the ledger is examined first, and set aside if it is broken");
  const auto ledger = open_ledger(state, clock);
  EXPECT_NE(ledger->lineage(), before);
  EXPECT_EQ(ledger->loss()->code, "ledger.corrupt");
}

TEST_F(IdentityTest, WhoFindsDamageWhileItWritesKeepsNobodyWaiting) {
  const auto run = open_ledger(state, clock);
  const auto other = open_ledger(state, clock);
  const RunId first = *run->begin_run(start_of("", "v1"));
  ASSERT_TRUE(run->intend(first, release_action("v1")));
  sql("UPDATE attempts SET fate = char(0, 0, 0)");
  const auto again = run->intend(first, release_action("v1"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, "ledger.damaged");
  const auto written = other->suspend(production, {"anna", "to look at it", clock.wall(), {}});
  EXPECT_TRUE(written) << told(written);
}

TEST_F(IdentityTest, ATextThatIsNeverWrittenIsDamageThoughThePageIsWhole) {
  // What a disk that lied may leave within a row (found by a chronicle, seed 65274).
  for (const std::string column : {"fate", "phase", "work"}) {
    SCOPED_TRACE(column);
    const bool open = column == "work";
    std::string before;
    {
      const auto ledger = open_ledger(state, clock);
      before = ledger->lineage();
      const auto attempt =
          *ledger->intend(*ledger->begin_run(start_of("", "v1")), release_action("v1"));
      if (!open) {
        ASSERT_TRUE(ledger->result(attempt, {Fate::succeeded, Json(JsonObject{})}));
      }
    }
    sql(("UPDATE attempts SET " + column + " = char(0, 0, 0)").c_str());
    const auto exam = examine_ledger(state);
    ASSERT_FALSE(exam);
    EXPECT_EQ(render(exam.error()),
              "error ledger.damaged: " + state +
                  "/ledger.db: attempt 1 holds what is never written\n"
                  "  next  the next command sets it aside; then, for each: reconciler adopt "
                  "APP/ENV\n");
    const auto met = [&] {
      const auto ledger = open_ledger(state, clock);
      const Error why =
          open ? ledger->open_attempts(production).error() : ledger->history(production, 9).error();
      EXPECT_TRUE(ledger->finished()) << "or `run` would meet it for ever";
      return why;
    }();
    EXPECT_EQ(met.code, "ledger.damaged");
    EXPECT_THAT(met.hint, HasSubstr("run the same again"));
    const auto ledger = open_ledger(state, clock);
    EXPECT_NE(ledger->lineage(), before);
    EXPECT_EQ(ledger->loss()->code, "ledger.corrupt");
  }
}

TEST_F(IdentityTest, ACurrentVersionThatIsNoneOfTheVersionsIsDamageThoughEachPageIsWhole) {
  // What a disk that lied may leave of a record: there was no way back to what it had recorded, and
  // half of the next version stayed (found by a chronicle, seed 151667).
  std::string before;
  {
    const auto ledger = open_ledger(state, clock);
    before = ledger->lineage();
    ASSERT_TRUE(ledger->record(*ledger->begin_run(start_of("", "v1")), {"v1", "", "", {}}, {}));
    EXPECT_EQ(ledger->memory(production)->current->tag, "v1");
  }
  sql("DELETE FROM versions");
  const auto exam = examine_ledger(state);
  ASSERT_FALSE(exam);
  EXPECT_THAT(exam.error().message,
              HasSubstr("environment portfolio/production holds what is never"));
  {
    const auto ledger = open_ledger(state, clock);
    const auto met = ledger->memory(production);
    ASSERT_FALSE(met);
    EXPECT_THAT(met.error().message, HasSubstr("the current version of environment"));
    EXPECT_TRUE(ledger->finished()) << "or `run` would meet it for ever";
  }
  const auto ledger = open_ledger(state, clock);
  EXPECT_NE(ledger->lineage(), before);
  EXPECT_EQ(ledger->loss()->code, "ledger.corrupt");
}

TEST_F(IdentityTest, WhatOthersSaidInAnyBytesIsNoDamage) {
  std::string before;
  const std::string bytes = "exit code 1: \xff";
  {
    const auto ledger = open_ledger(state, clock);
    before = ledger->lineage();
    const auto run = *ledger->begin_run(start_of("", "v1"));
    const auto attempt = *ledger->intend(run, release_action("v1"));
    ASSERT_TRUE(ledger->result(attempt, {Fate::failed, JsonObject{{"detail", bytes}}}));
    ASSERT_TRUE(ledger->append_log(run, {bytes}));
    ASSERT_TRUE(ledger->end_run(run, {"Stalled", "ReleaseFailed", "release.failed", bytes}));
    const auto read = ledger->history(production, 9);
    ASSERT_TRUE(read);
    EXPECT_EQ(text_at(read->front().attempts.front().evidence, "detail"), "exit code 1: ?");
    EXPECT_EQ(read->front().end.message, "exit code 1: ?");
  }
  ASSERT_TRUE(examine_ledger(state));
  // As a program wrote it that did not look at the bytes.
  sql("UPDATE attempts SET evidence = CAST(x'7b2264223a22ff227d' AS TEXT)");
  ASSERT_TRUE(examine_ledger(state));
  const auto ledger = open_ledger(state, clock);
  EXPECT_EQ(ledger->lineage(), before);
  const auto read = ledger->history(production, 9);
  ASSERT_TRUE(read);
  EXPECT_EQ(text_at(read->front().attempts.front().evidence, "detail"),
            "what was said cannot be read");
}

TEST_F(IdentityTest, WhatIsWrittenIsNoDamage) {
  using enum Phase;
  const auto ledger = open_ledger(state, clock);
  const RunId run = *ledger->begin_run(start_of("", "v1"));
  for (const Phase phase :
       {supply, preflight, start, backup, release, change, after, verify, record, prune})
    for (const Fate fate :
         {Fate::succeeded, Fate::failed, Fate::running, Fate::not_started, Fate::unknown}) {
      Action action = release_action("v1");
      action.once_key.clear();
      action.work.phase = phase;
      ASSERT_TRUE(ledger->result(*ledger->intend(run, action), {fate, Json(JsonObject{})}));
    }
  EXPECT_TRUE(examine_ledger(state));
}

TEST_F(IdentityTest, ALedgerThatIsGoneIsSaid) {
  const auto [before, key] = [&] {
    const auto ledger = open_ledger(state, clock);
    return std::pair(ledger->lineage(), ledger->key().bytes);
  }();
  for (const std::string name : {"", "-wal", "-shm"})
    ::unlink((state + "/ledger.db" + name).c_str());
  const auto ledger = open_ledger(state, clock);
  EXPECT_NE(ledger->lineage(), before);
  EXPECT_EQ(ledger->key().bytes, key);
  EXPECT_EQ(
      render(*ledger->loss()),
      "error ledger.lost: " + state + "/ledger.db is gone, though " + state +
          "/key shows that there was one; a new one was made\n"
          "  next  nothing is run on a guess: reconciler adopt APP/ENV takes over what runs\n");
}

TEST_F(IdentityTest, ALedgerThatIsGoneAndLeftItsLogOfWritesIsSaid) {
  // As after SIGKILL: nothing was written back. The file alone is then lost.
  for (const int commits : {1, 40}) {
    SCOPED_TRACE(commits);
    ASSERT_TRUE(remove_tree(state));
    std::string before;
    {
      const auto ledger = open_ledger(state, clock);
      before = ledger->lineage();
      for (int n = 0; n < commits; ++n) ASSERT_TRUE(ledger->begin_run(start_of("", "v1")));
      ASSERT_TRUE(replace_file(folder / "wal", *read_file(state + "/ledger.db-wal")));
    }
    ::unlink((state + "/ledger.db").c_str());
    ::unlink((state + "/ledger.db-shm").c_str());
    ASSERT_TRUE(replace_file(state + "/ledger.db-wal", *read_file(folder / "wal")));
    for (int n = 0; n < 2; ++n) {
      const auto ledger = open_ledger(state, clock);
      EXPECT_NE(ledger->lineage(), before);
      ASSERT_TRUE(ledger->loss());
      EXPECT_EQ(ledger->loss()->code, "ledger.lost");
      EXPECT_TRUE(ledger->history(production, 10)->empty());
    }
  }
}

TEST_F(IdentityTest, AKeyThatIsGoneIsSaid) {
  const auto [before, key] = [&] {
    const auto ledger = open_ledger(state, clock);
    return std::pair(ledger->lineage(), ledger->key().bytes);
  }();
  ::unlink((state + "/key").c_str());
  for (int n = 0; n < 2; ++n) {
    const auto ledger = open_ledger(state, clock);
    EXPECT_EQ(ledger->lineage(), before);
    EXPECT_NE(ledger->key().bytes, key);
    EXPECT_EQ(render(*ledger->loss()),
              "error ledger.key_lost: " + state + "/key is not the key that " + state +
                  "/ledger.db was made with\n"
                  "  next  put the key back from a backup; what was sealed under it cannot be "
                  "read\n");
    EXPECT_FALSE(*ledger->needs_adoption(production));
  }
}

TEST_F(IdentityTest, DyingBetweenLedgerAndKeyIsFinishedByTheNextOpen) {
  const std::string before = open_ledger(state, clock)->lineage();
  ASSERT_EQ(::rename((state + "/key").c_str(), (state + "/key.new").c_str()), 0);
  const auto ledger = open_ledger(state, clock);
  EXPECT_EQ(ledger->lineage(), before);
  EXPECT_FALSE(ledger->loss());
  EXPECT_TRUE(exists(state + "/key"));
  EXPECT_FALSE(exists(state + "/key.new"));
}

TEST_F(IdentityTest, DyingWhileTheTablesAreMadeIsStartedAgain) {
  ASSERT_TRUE(make_folders(state));
  ASSERT_TRUE(replace_file(state + "/key.new", std::string(32, 'k')));
  ASSERT_TRUE(replace_file(state + "/ledger.db", ""));
  const auto ledger = open_ledger(state, clock);
  EXPECT_FALSE(ledger->loss());
  EXPECT_EQ(ledger->key().bytes, std::string(32, 'k'));
}

TEST_F(IdentityTest, AKeyOfTheWrongLengthIsRefused) {
  (void)open_ledger(state, clock);
  ASSERT_TRUE(replace_file(state + "/key", "short"));
  EXPECT_EQ(told(Ledger::open(state, clock)),
            "error state.key_invalid: " + state +
                "/key holds 5 bytes; a key has 32\n"
                "  next  put the right key back from a backup, or move it away\n");
}

}  // namespace
}  // namespace reconciler
