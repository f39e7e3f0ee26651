#include "reconciler/base/parallel.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <vector>

namespace reconciler {
namespace {

TEST(InParallel, EachIsDoneOnce) {
  for (const size_t lanes : {1U, 3U, 8U})
    for (const size_t n : {0U, 1U, 2U, 100U}) {
      std::vector<std::atomic<int>> done(n);
      EXPECT_TRUE(in_parallel(lanes, n, [&](size_t i) -> Status {
        ++done[i];
        return {};
      }));
      for (const auto& times : done) EXPECT_EQ(times, 1);
    }
}

TEST(InParallel, AsManyLanesAsWereAskedForWorkAtATime) {
  std::barrier all(3);  // passes only when three are there
  EXPECT_TRUE(in_parallel(3, 3, [&](size_t) -> Status {
    all.arrive_and_wait();
    return {};
  }));
}

TEST(InParallel, NothingIsBegunAfterAnError) {
  std::atomic<int> begun = 0;
  const auto done = in_parallel(1, 10, [&](size_t i) -> Status {
    ++begun;
    if (i < 3) return {};
    return failure(error("test.failed", "at " + std::to_string(i)));
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "at 3");
  EXPECT_EQ(begun, 4);
}

TEST(InParallel, OneErrorOfManyIsReturned) {
  const auto done = in_parallel(
      4, 50, [](size_t) -> Status { return failure(error("test.failed", "all of them")); });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "test.failed");
}

TEST(ComputeInParallel, EachIsDoneOnce) {
  std::vector<std::atomic<int>> done(50);
  compute_in_parallel(done.size(), [&](size_t i) { ++done[i]; });
  for (const auto& times : done) EXPECT_EQ(times, 1);
}

}  // namespace
}  // namespace reconciler
