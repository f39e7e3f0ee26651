// Work beside work: which lane does it, and how many there are.
#include "reconciler/service/lanes.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <set>

namespace reconciler {
namespace {

class LanesTest : public testing::Test {
 protected:
  Result<std::unique_ptr<Drivers>> make() {
    ++made;
    return std::make_unique<Drivers>();
  }
  int made = 0;
  std::atomic<int> idle = 0;
  Lanes lanes{[this] { return make(); }, {.kept = 1, .most = 3}, [this] { ++idle; }};
};

TEST_F(LanesTest, OneAfterTheOtherInOneLane) {
  std::set<const Drivers*> with;
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(lanes.begin([&](const Drivers& drivers) { with.insert(&drivers); }));
    lanes.quiet();
  }
  EXPECT_EQ(made, 1);
  EXPECT_EQ(with.size(), 1U);
}

TEST_F(LanesTest, BesideEachOtherWithDriversOfTheirOwnUpToAsManyAsMayBe) {
  std::latch all(4);
  std::latch over(1);
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(lanes.begin([&](const Drivers&) {
      all.count_down();
      over.wait();
    }));
  all.arrive_and_wait();  // the three are there at once
  EXPECT_FALSE(lanes.free());
  const auto fourth = lanes.begin([](const Drivers&) {});
  ASSERT_FALSE(fourth);
  EXPECT_EQ(fourth.error().code, "lane.none");
  over.count_down();
  lanes.quiet();
  EXPECT_EQ(made, 3);
  // One of them was kept.
  EXPECT_TRUE(lanes.begin([](const Drivers&) {}));
  lanes.quiet();
  EXPECT_EQ(made, 3);
}

TEST_F(LanesTest, WithoutDriversNothingIsBegun) {
  Lanes none(
      []() -> Result<std::unique_ptr<Drivers>> { return failure(error("compose.missing", "no")); },
      {}, [] {});
  const auto begun = none.begin([](const Drivers&) { FAIL(); });
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().code, "compose.missing");
}

}  // namespace
}  // namespace reconciler
