// Thousands of chronicles, each from its seed. RECONCILER_SEEDS=FROM-TO, or one seed to replay.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "tests/simulation/chronicle.hpp"

namespace reconciler::simulation {
namespace {

struct Range {
  std::uint64_t from = 1;
  std::uint64_t to = 500;
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

TEST(Seeds, WhateverHappensEveryInvariantHolds) {
  const Range range = asked_for();
  Told told;
  for (auto seed = range.from; seed <= range.to; ++seed) {
    const auto events = events_of(seed);
    if (range.from == range.to) fmt::print("{}", in_words(events));
    const auto wrong = happen(events, told);
    if (!wrong) continue;
    const auto fewer = shrunk(events);
    Told again;
    ADD_FAILURE() << fmt::format(
        "seed {}: {}\n{}of which these are enough: {}\n{}replay with RECONCILER_SEEDS={}\n", seed,
        *wrong, in_words(events), happen(fewer, again).value_or("?"), in_words(fewer), seed);
    if (::testing::Test::HasFailure()) break;
  }
  std::map<std::string, size_t> ends;
  for (const auto& end : told.ends) ++ends[end];
  fmt::print("{} seeds: {} passes, {} deaths, {} of them with the power\n",
             range.to - range.from + 1, told.passes, told.deaths, told.power_losses);
  for (const auto& [how, times] : ends) fmt::print("  {:5} ended {}\n", times, how);
}

}  // namespace
}  // namespace reconciler::simulation
