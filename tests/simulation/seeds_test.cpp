// Thousands of chronicles, each from its seed. RECONCILER_SEEDS=FROM-TO, or one seed to replay.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "tests/simulation/chronicle.hpp"

namespace reconciler::simulation {
namespace {

constexpr std::uint64_t enough_for_all = 500;

struct Range {
  std::uint64_t from = 1;
  std::uint64_t to = 2000;
};

Range asked_for() {
  const char* text = std::getenv("RECONCILER_SEEDS");
  if (!text || !*text) return {};
  char* end = nullptr;
  Range range;
  range.from = range.to = std::strtoull(text, &end, 10);
  if (*end == '-') range.to = std::strtoull(end + 1, nullptr, 10);
  return range;
}

/// What is to be said of a seed that failed, with as few events as still fail.
std::string report(std::uint64_t seed, const Chronicle& chronicle, const std::string& wrong) {
  const Chronicle fewer = shrunk(chronicle);
  Told again;
  return fmt::format(
      "seed {}: {}\n{}of which these are enough: {}\n{}replay with: tests/simulation/replay {}\n",
      seed, wrong, in_words(chronicle), happen(fewer, again).value_or("?"), in_words(fewer), seed);
}

class Seeds : public testing::Test {
 protected:
  /// Nobody asks SQLite how much memory it has; counting it makes all ledgers wait for one lock.
  static void SetUpTestSuite() { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

  void let_happen(std::uint64_t seed) {
    const Chronicle chronicle = chronicle_of(seed);
    Told told;
    const auto wrong = happen(chronicle, told);
    const std::lock_guard lock(mutex_);
    told_.add(told);
    if (!wrong || failed_.exchange(true)) return;
    ADD_FAILURE() << report(seed, chronicle, *wrong);
  }

  Told told_;
  std::atomic<bool> failed_ = false;

 private:
  std::mutex mutex_;
};

TEST_F(Seeds, WhateverHappensEveryInvariantHolds) {
  const Range range = asked_for();
  if (range.from == range.to) fmt::print("{}", in_words(chronicle_of(range.from)));
  std::atomic<std::uint64_t> next = range.from;
  std::atomic<std::uint64_t> done = 0;
  {
    // Most of the time each waits: the end of a watch on a file lasts until the kernel gets to it.
    std::vector<std::jthread> threads(6 * std::max(1U, std::thread::hardware_concurrency()));
    for (auto& thread : threads)
      thread = std::jthread([&] {
        for (auto seed = next++; seed <= range.to && !failed_; seed = next++) {
          let_happen(seed);
          ++done;
        }
      });
  }
  const auto held = fmt::format("{} simulation seeds", done.load());
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
  if (failed_ || done < enough_for_all) return;
  EXPECT_EQ(told_.happened.size(), kinds) << "something never happened";
  EXPECT_TRUE(told_.writes_lost > 0 && told_.calls_lost > 0 && told_.kept_out > 0);
}

}  // namespace
}  // namespace reconciler::simulation
