#include "plugins/docker/services/platform.hpp"

#include <gtest/gtest.h>

namespace reconciler::docker {
namespace {

TEST(Platform, IsReadAsTheEngineReadsIt) {
  for (const char* wanted : {"linux", "amd64", "linux/amd64", "linux/x86_64", "linux/amd64/v2"})
    EXPECT_TRUE(same_platform(wanted, "linux/amd64")) << wanted;
  for (const char* wanted : {"windows", "arm64", "linux/arm64", "windows/amd64"})
    EXPECT_FALSE(same_platform(wanted, "linux/amd64")) << wanted;
  EXPECT_TRUE(same_platform("linux/aarch64", "linux/arm64/v8"));
  EXPECT_TRUE(same_platform("linux/arm/v7", "linux/arm/v6"));
  EXPECT_FALSE(same_platform("linux/arm/v6", "linux/arm/v7"));
  EXPECT_TRUE(same_platform("linux/arm64", ""));  // not known
}

TEST(Platform, IsToldByTheImage) {
  EXPECT_EQ(platform_of(JsonObject{{"Os", "linux"}, {"Architecture", "amd64"}}), "linux/amd64");
  EXPECT_EQ(platform_of(JsonObject{{"Os", "linux"}, {"Architecture", "arm"}, {"Variant", "v7"}}),
            "linux/arm/v7");
  EXPECT_EQ(platform_of(JsonObject{
                {"Os", "linux"}, {"Architecture", "amd64"}, {"Descriptor", JsonObject{}}}),
            "");
}

}  // namespace
}  // namespace reconciler::docker
