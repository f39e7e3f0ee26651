// Killed anywhere, out of room: what was said to be durable is there, and the next run goes on.
#include <gmock/gmock.h>
#include <sys/mount.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "reconciler/base/process.hpp"
#include "reconciler/base/text.hpp"
#include "tests/unit/ledger/support.hpp"

namespace reconciler {
namespace {

using testing::Contains;
using testing::HasSubstr;

Finished play(const std::string& state, const std::string& tag, const std::string& failpoints) {
  Command command;
  command.argv = {LEDGER_PLAYER, "deploy", state, tag};
  if (!failpoints.empty()) command.environment = {{"RECONCILER_FAILPOINTS", failpoints}};
  auto finished = run_process(command);
  if (!finished) throw std::runtime_error(render(finished.error()));
  return std::move(*finished);
}

class CrashTest : public testing::TestWithParam<std::string> {
 protected:
  Folder folder;
  MovedClock clock;
  const std::string state = folder / "state";
};

TEST_P(CrashTest, KilledThereItGoesOn) {
  ASSERT_EQ(play(state, "v1", "").exit_code, 0);
  const Finished killed = play(state, "v2", GetParam() + ":kill");
  EXPECT_EQ(killed.exit_code, 128 + 9) << killed.err;
  const auto steps = split(killed.out, '\n');
  const auto said = [&](const std::string& step) {
    return std::any_of(steps.begin(), steps.end(),
                       [&](const std::string& s) { return s.starts_with(step); });
  };
  {
    const auto ledger = open_ledger(state, clock);
    const Memory memory = *ledger->memory(production);
    EXPECT_FALSE(ledger->loss());
    if (said("begun") && memory.current->tag == "v1") {
      EXPECT_EQ(memory.unfinished, "d-v2");
    }
    if (said("intended")) {
      EXPECT_TRUE(memory.once.contains("release/v2"));
    }
    if (said("done")) {
      EXPECT_EQ(memory.once.at("release/v2"), Fate::succeeded);
    }
    if (said("recorded")) {
      EXPECT_EQ(memory.current->tag, "v2");
    }
    if (GetParam() == "ledger.intent.before") {
      EXPECT_FALSE(memory.once.contains("release/v2"));
    }
    if (GetParam() == "ledger.intent.after") {
      EXPECT_EQ(memory.once.at("release/v2"), Fate::running);
    }
    if (GetParam() == "ledger.result.before") {
      EXPECT_EQ(memory.once.at("release/v2"), Fate::running);
    }
    if (GetParam() == "ledger.result.after") {
      EXPECT_EQ(memory.once.at("release/v2"), Fate::succeeded);
    }
    if (GetParam() == "ledger.record.before") {
      EXPECT_EQ(memory.current->tag, "v1");
    }
    if (GetParam() == "ledger.record.within") {
      EXPECT_EQ(memory.current->tag, "v1");
    }
    if (GetParam() == "ledger.record.after") {
      EXPECT_EQ(memory.current->tag, "v2");
    }
    // Whatever is current, the records are of it, and of no other.
    EXPECT_EQ(boxes(*ledger, Ledger::Slot::current), "box of " + memory.current->tag);
    EXPECT_EQ(boxes(*ledger, Ledger::Slot::previous), memory.previous ? "box of v1" : "");
  }
  const Finished again = play(state, "v2", "");
  EXPECT_EQ(again.exit_code, 0) << again.err;
  const auto ledger = open_ledger(state, clock);
  const Memory memory = *ledger->memory(production);
  EXPECT_EQ(memory.current->tag, "v2");
  EXPECT_EQ(memory.previous->tag, "v1");
  EXPECT_EQ(boxes(*ledger, Ledger::Slot::current), "box of v2");
  EXPECT_EQ(boxes(*ledger, Ledger::Slot::previous), "box of v1");
  EXPECT_EQ(memory.unfinished, std::nullopt);
  EXPECT_EQ(memory.once.at("release/v2"), Fate::succeeded);
  if (said("done")) {
    EXPECT_THAT(again.out, Not(HasSubstr("intended"))) << "once means once";
  }
}

INSTANTIATE_TEST_SUITE_P(Ledger, CrashTest,
                         testing::Values("ledger.begin.before", "ledger.begin.after",
                                         "ledger.intent.before", "ledger.intent.after",
                                         "ledger.result.before", "ledger.result.after",
                                         "ledger.record.before", "ledger.record.within",
                                         "ledger.record.after", "ledger.end.before",
                                         "ledger.end.after"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

class FirstOpen : public CrashTest {};

TEST_P(FirstOpen, KilledWhileItIsMadeItIsMadeByTheNext) {
  EXPECT_EQ(play(state, "v1", GetParam() + ":kill").exit_code, 128 + 9);
  EXPECT_EQ(play(state, "v1", "").exit_code, 0);
  const auto ledger = open_ledger(state, clock);
  EXPECT_FALSE(ledger->loss());
  EXPECT_EQ(ledger->memory(production)->current->tag, "v1");
}

INSTANTIATE_TEST_SUITE_P(Ledger, FirstOpen,
                         testing::Values("file.replace.before", "file.replace.write",
                                         "file.replace.rename", "file.replace.after",
                                         "ledger.make.before", "ledger.make.after",
                                         "ledger.key.before", "ledger.key.after"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

TEST(LedgerFailures, AnErrorAtTheIntentLeavesNoOpenAttempt) {
  Folder folder;
  MovedClock clock;
  const Finished failed = play(folder / "state", "v1", "ledger.intent.before:error");
  EXPECT_EQ(failed.exit_code, 3);
  EXPECT_EQ(failed.err, "error failpoint.error: a test made ledger.intent.before fail\n");
  EXPECT_TRUE(open_ledger(folder / "state", clock)->open_attempts(production)->empty());
}

TEST(LedgerFailures, TornHalfOfAFileIsBesideWhatItWasToReplace) {
  Folder folder;
  MovedClock clock;
  const std::string state = folder / "state";
  EXPECT_EQ(play(state, "v1", "file.replace.write:torn").exit_code, 128 + 9);
  auto names = *list_folder(state);
  std::erase(names, "ledger.lock");
  ASSERT_THAT(names, testing::ElementsAre(testing::MatchesRegex("\\.[0-9a-f]+\\.tmp")));
  EXPECT_EQ(read_file(state + "/" + names[0])->size(), 16U) << "half of a key";
  EXPECT_EQ(play(state, "v1", "").exit_code, 0);
  EXPECT_FALSE(open_ledger(state, clock)->loss());
}

TEST(LedgerFailures, OnlyAWriteIsTornAndOnlyWhatIsListedIsArmed) {
  Folder folder;
  const auto refusal = [&](const std::string& failpoints) {
    const Finished refused = play(folder / "state", "v1", failpoints);
    EXPECT_EQ(refused.exit_code, 64);
    return refused.err;
  };
  EXPECT_EQ(refusal("ledger.intent.after:torn"),
            "error failpoint.invalid: \"ledger.intent.after\" is no write, and cannot be torn\n");
  EXPECT_EQ(refusal("ledger.intend.after:kill"),
            "error failpoint.invalid: there is no failpoint \"ledger.intend.after\"\n");
  EXPECT_EQ(refusal("ledger.intent.after:burn"),
            "error failpoint.invalid: \"burn\" is not kill, error, torn or delay=MS\n");
  EXPECT_EQ(refusal("ledger.intent.after"),
            "error failpoint.invalid: \"ledger.intent.after\" is not NAME:EFFECT\n");
}

TEST(LedgerFailures, ManyAtOnceMakeOneLedger) {
  Folder folder;
  const std::string state = folder / "state";
  std::vector<std::string> lineages(4);
  {
    std::vector<std::jthread> players;
    for (auto& lineage : lineages)
      players.emplace_back(
          [&] { lineage = split(play(state, "v1", "ledger.intent.before:error").out, '\n')[0]; });
  }
  EXPECT_THAT(lineages[0], testing::StartsWith("opened "));
  EXPECT_THAT(lineages, testing::Each(lineages[0]));
}

TEST(LedgerFailures, OneThatIsRemovedWhileItIsUsedIsWrittenToNoMore) {
  Folder folder;
  MovedClock clock;
  const std::string state = folder / "state";
  auto ledger = open_ledger(state, clock);
  const RunId run = *ledger->begin_run(start_of("", "v1"));
  for (const char* part : {"", "-wal", "-shm"})
    ASSERT_TRUE(remove_tree(state + "/ledger.db" + part));
  EXPECT_EQ(told(ledger->intend(run, switch_action())),
            "error ledger.gone: " + state +
                "/ledger.db was removed or replaced while it was in use: nothing more is done on "
                "what it remembered\n"
                "  next  put it back, and run the same again; if it is gone for good, that says "
                "what to do\n");
  ledger.reset();
  ledger = open_ledger(state, clock);
  ASSERT_TRUE(ledger->loss());
  EXPECT_EQ(ledger->loss()->code, "ledger.lost");
}

bool append(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::app);
  return static_cast<bool>(file << bytes << std::flush);
}

class SmallDisk : public testing::Test {
 protected:
  void SetUp() override {
    if (::mount("tmpfs", folder.path.c_str(), "tmpfs", 0, "size=2m,mode=0700") != 0)
      GTEST_SKIP() << "cannot mount a tmpfs here";
    mounted = true;
  }
  ~SmallDisk() override {
    if (mounted) ::umount2(folder.path.c_str(), MNT_DETACH);
  }
  Folder folder;
  MovedClock clock;
  bool mounted = false;
};

TEST_F(SmallDisk, AFullDiskIsSaidAndNothingIsLost) {
  const std::string state = folder / "state";
  auto ledger = open_ledger(state, clock);
  const RunId run = *ledger->begin_run(start_of("", "v1"));
  ASSERT_TRUE(ledger->record(run, release_of("v1"), {}));
  Action big = switch_action();
  big.work.phase = Phase::release;
  big.work.input = std::string(60'000, 'x');
  Result<std::string> written;
  int well = 0;
  for (int n = 0; n < 100; ++n) {
    written = ledger->intend(run, big);
    if (!written) break;
    ++well;
  }
  ASSERT_FALSE(written);
  EXPECT_EQ(told(written),
            "error ledger.full: there is no room to write " + state +
                "/ledger.db: database or disk is full: at least 4.1 kB to write, 0 B free\n"
                "  next  make room on that disk\n");
  EXPECT_EQ(written.error().lasting, Lasting::transient);
  EXPECT_EQ(ledger->memory(production)->current->tag, "v1");
  ledger.reset();
  ASSERT_EQ(::mount("tmpfs", folder.path.c_str(), "tmpfs", MS_REMOUNT, "size=8m"), 0);
  ledger = open_ledger(state, clock);
  EXPECT_FALSE(ledger->loss());
  EXPECT_EQ(ledger->run(run)->attempts.size(), static_cast<size_t>(well));
  EXPECT_TRUE(ledger->intend(run, big));
}

TEST_F(SmallDisk, WhatIsBegunIsWrittenToItsEndAndNothingElseIsBegun) {
  const std::string state = folder / "state";
  auto ledger = open_ledger(state, clock);
  const RunId run = *ledger->begin_run(start_of("", "v1"));
  ASSERT_TRUE(ledger->intend(run, switch_action()));
  const std::string filler = folder / "filler";
  for (const size_t block : {4096U, 1U})
    while (append(filler, std::string(block, 'x'))) continue;
  EXPECT_TRUE(ledger->intend(run, switch_action()));
  EXPECT_FALSE(exists(state + "/reserve"));
  ASSERT_TRUE(ledger->record(run, release_of("v1"), {}));
  const auto next = ledger->begin_run(start_of("v1", "v2"));
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().code, "ledger.full");
  EXPECT_THAT(next.error().message, testing::HasSubstr(state + "/reserve"));
  ASSERT_EQ(::unlink(filler.c_str()), 0);
  EXPECT_TRUE(ledger->begin_run(start_of("v1", "v2")));
  EXPECT_TRUE(exists(state + "/reserve"));
}

}  // namespace
}  // namespace reconciler
