// Thousands of chronicles, each from its seed. RECONCILER_SEEDS=FROM-TO, or one seed to replay;
// RECONCILER_DATA_SEEDS likewise, of those in which backups are brought back, and
// RECONCILER_CONTAINER_SEEDS of those of containers.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "reconciler/base/text.hpp"
#include "tests/simulation/chronicle.hpp"

namespace reconciler::simulation {
namespace {

constexpr std::uint64_t enough_for_all = 500;

struct Range {
  std::uint64_t from = 1;
  std::uint64_t to = 1;
};

/// What that variable says; else so many.
Range asked_for(const char* variable, std::uint64_t many) {
  const char* text = std::getenv(variable);
  if (!text || !*text) return {1, many};
  char* end = nullptr;
  Range range;
  range.from = range.to = std::strtoull(text, &end, 10);
  if (*end == '-') range.to = std::strtoull(end + 1, nullptr, 10);
  return range;
}

/// What is to be said of a seed that failed, with as few events as still fail.
std::string report(std::uint64_t seed, const Chronicle& chronicle, const std::string& wrong) {
  const std::string_view data = chronicle.of == Of::data         ? "--data "
                                : chronicle.of == Of::containers ? "--containers "
                                                                 : "";
  const Chronicle fewer = shrunk(chronicle);
  Told again;
  const auto still = happen(fewer, again).value_or("?");
  return fmt::format(
      "seed {}: {}\n{}of which these are enough: {}\n{}in which was done:\n  {}\nreplay with: "
      "tests/simulation/replay {}{}\n",
      seed, wrong, in_words(chronicle), still, in_words(fewer), join(again.done, "\n  "), data,
      seed);
}

class Seeds : public testing::Test {
 protected:
  /// Nobody asks SQLite how much memory it has; counting it makes all ledgers wait for one lock.
  static void SetUpTestSuite() { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

  void let_happen(std::uint64_t seed, const Chronicle& chronicle) {
    Told told;
    const auto wrong = happen(chronicle, told);
    const std::lock_guard lock(mutex_);
    told_.add(told);
    if (!wrong || failed_.exchange(true)) return;
    ADD_FAILURE() << report(seed, chronicle, *wrong);
  }

  /// How many were let happen; all of the range, unless one failed.
  std::uint64_t let_happen(const Range& range, Chronicle (*of)(std::uint64_t)) {
    if (range.from == range.to) fmt::print("{}", in_words(of(range.from)));
    std::atomic<std::uint64_t> next = range.from;
    std::atomic<std::uint64_t> done = 0;
    // Most of the time each waits: the end of a watch on a file lasts until the kernel gets to it.
    std::vector<std::jthread> threads(6 * std::max(1U, std::thread::hardware_concurrency()));
    for (auto& thread : threads)
      thread = std::jthread([&] {
        for (auto seed = next++; seed <= range.to && !failed_; seed = next++) {
          let_happen(seed, of(seed));
          ++done;
        }
      });
    threads.clear();
    return done;
  }
  void tell(const std::string& held) {
    RecordProperty("held", held);
    const auto told = fmt::format(
        "{}: {} passes, {} deaths of the process, {} of them with the power ({} writes lost), {} "
        "calls not answered, {} other processes kept out",
        held, told_.passes, told_.deaths, told_.power_losses, told_.writes_lost, told_.calls_lost,
        told_.kept_out);
    RecordProperty("told", told);
    fmt::print("{}\n", told);
    for (const auto& [what, times] : told_.happened) fmt::print("  {:6} {}\n", times, what);
    for (const auto& [how, times] : told_.ends) fmt::print("  {:6} ended {}\n", times, how);
  }

  Told told_;
  std::atomic<bool> failed_ = false;

 private:
  std::mutex mutex_;
};

TEST_F(Seeds, WhateverHappensEveryInvariantHolds) {
  const auto done = let_happen(asked_for("RECONCILER_SEEDS", 2000), chronicle_of);
  tell(fmt::format("{} simulation seeds", done));
  if (failed_ || done < enough_for_all) return;
  EXPECT_EQ(told_.happened.size(), kinds) << "something never happened";
  EXPECT_TRUE(told_.writes_lost > 0 && told_.calls_lost > 0 && told_.kept_out > 0);
}

TEST_F(Seeds, WhateverIsBroughtBackEveryInvariantHolds) {
  const auto done = let_happen(asked_for("RECONCILER_DATA_SEEDS", 500), data_chronicle_of);
  tell(fmt::format("{} more of data", done));
  if (failed_ || done < enough_for_all) return;
  for (const std::string how : {"Stalled/RestoreFailed", "Stalled/ReleaseOutcomeUnknown"})
    EXPECT_TRUE(told_.ends.contains(how)) << how << " never came about";
  EXPECT_GT(told_.needless, 0U) << "no backup was ever needless";
}

TEST_F(Seeds, WhateverHappensToContainersEveryInvariantHolds) {
  const auto done =
      let_happen(asked_for("RECONCILER_CONTAINER_SEEDS", 500), container_chronicle_of);
  tell(fmt::format("{} more of containers", done));
  if (failed_ || done < enough_for_all) return;
  EXPECT_GE(told_.happened.size(), 32U) << "something never happened";
  EXPECT_TRUE(told_.writes_lost > 0 && told_.calls_lost > 0 && told_.kept_out > 0);
}

}  // namespace
}  // namespace reconciler::simulation
