#include "reconciler/base/size.hpp"

#include <gtest/gtest.h>

namespace reconciler {
namespace {

TEST(Size, ReadsUnits) {
  EXPECT_EQ(*parse_size("500MB"), 500'000'000);
  EXPECT_EQ(*parse_size("10GB"), 10'000'000'000);
  EXPECT_EQ(*parse_size("1TB"), 1'000'000'000'000);
  EXPECT_EQ(*parse_size("512MiB"), 536'870'912);
}

TEST(Size, ForPeople) {
  EXPECT_EQ(size_for_people(0), "0 B");
  EXPECT_EQ(size_for_people(999), "999 B");
  EXPECT_EQ(size_for_people(12'345), "12.3 kB");
  EXPECT_EQ(size_for_people(1'900'000), "1.9 MB");
  EXPECT_EQ(size_for_people(500'000'000), "500 MB");
  EXPECT_EQ(size_for_people(10'000'000'000), "10 GB");
  EXPECT_EQ(size_for_people(2'500'000'000'000), "2.5 TB");
}

TEST(Size, SaysWhatToWrite) {
  const auto told = [](std::string_view text) { return render(parse_size(text).error()); };
  EXPECT_EQ(told("10"), "error size.invalid: \"10\" has no unit\n  next  write 500MB or 10GB\n");
  EXPECT_EQ(told("10000TB"),
            "error size.invalid: \"10000TB\" is more than 1000TB\n  next  write 500MB or 10GB\n");
  for (const std::string_view text : {"", "GB", "-1GB", "0GB", "1.5GB", "1 GB", "1gb", "1GBx"})
    EXPECT_EQ(told(text), "error size.invalid: \"" + std::string(text) +
                              "\" is no size\n  next  write 500MB or 10GB\n");
}

}  // namespace
}  // namespace reconciler
