#include "reconciler/base/duration.hpp"

#include <gtest/gtest.h>

namespace reconciler {
namespace {

TEST(Duration, ReadsUnits) {
  EXPECT_EQ(parse_duration("250ms")->count(), 250);
  EXPECT_EQ(parse_duration("10s")->count(), 10'000);
  EXPECT_EQ(parse_duration("1h30m")->count(), 5'400'000);
  EXPECT_EQ(parse_duration("7d")->count(), 604'800'000);
}

TEST(Duration, SaysWhatToWrite) {
  const auto e = parse_duration("30").error();
  EXPECT_EQ(e.code, "duration.invalid");
  EXPECT_EQ(e.message, "\"30\" has no unit");
  EXPECT_EQ(e.hint, "write 30s, 30m or 30h");
}

TEST(Duration, RefusesWhatIsNone) {
  for (const char* text : {"", "-1s", "1e9s", "5x", "s", "9999999999999999999s", "366d"}) {
    const auto duration = parse_duration(text);
    ASSERT_FALSE(duration) << text;
    EXPECT_EQ(duration.error().code, "duration.invalid") << text;
  }
}

}  // namespace
}  // namespace reconciler
