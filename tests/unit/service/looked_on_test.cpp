#include "reconciler/service/looked_on.hpp"

#include <gtest/gtest.h>

namespace reconciler {
namespace {

using namespace std::chrono_literals;

Instant at(int seconds) {
  return Instant(std::chrono::seconds(seconds));
}

std::optional<LookedOn> well(std::string tag) {
  return LookedOn{std::move(tag), "digest"};
}
std::optional<LookedOn> unwell(std::string tag) {
  return LookedOn{std::move(tag), "digest", "web: not there"};
}

TEST(UnwellSince, ItTakesThreeLooksAndTheTimeThatItHadToBeWell) {
  UnwellSince since;
  EXPECT_FALSE(since.too_long(unwell("v1"), at(0), 30s));
  EXPECT_FALSE(since.too_long(unwell("v1"), at(10), 30s));
  EXPECT_FALSE(since.too_long(unwell("v1"), at(20), 30s));
  EXPECT_TRUE(since.too_long(unwell("v1"), at(30), 30s));
  UnwellSince quick;
  EXPECT_FALSE(quick.too_long(unwell("v1"), at(0), 1s));
  EXPECT_FALSE(quick.too_long(unwell("v1"), at(10), 1s));
  EXPECT_TRUE(quick.too_long(unwell("v1"), at(20), 1s));
}

TEST(UnwellSince, OneGoodLookOrAnotherVersionBeginsAnew) {
  for (const auto& between : {well("v1"), std::optional<LookedOn>{}, unwell("v2")}) {
    UnwellSince since;
    EXPECT_FALSE(since.too_long(unwell("v1"), at(0), 1s));
    EXPECT_FALSE(since.too_long(unwell("v1"), at(10), 1s));
    EXPECT_FALSE(since.too_long(between, at(20), 1s));
    EXPECT_FALSE(since.too_long(unwell("v1"), at(30), 1s));
  }
}

}  // namespace
}  // namespace reconciler
