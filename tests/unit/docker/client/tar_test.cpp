#include "plugins/docker/client/tar.hpp"

#include <gtest/gtest.h>

namespace reconciler::docker {
namespace {

TEST(Tar, WhatIsWrittenIsRead) {
  const std::vector<ArchivedFile> files = {
      {"/etc/cfg", 0440, 3, 4, "hello\n", false},
      {"/run/secrets/key", 0444, 0, 0, std::string(1000, 'x') + '\0', false},
      {"/" + std::string(180, 'd') + "/name", 0600, 65534, 65534, "", false}};
  const auto bytes = write_tar(files);
  EXPECT_EQ(bytes.size() % 512, 0U);
  const auto read = read_tar(bytes);
  ASSERT_TRUE(read) << render(read.error());
  EXPECT_EQ(*read, files);
}

TEST(Tar, EqualFilesAreEqualBytes) {
  const std::vector<ArchivedFile> files = {{"/a", 0444, 0, 0, "x", false}};
  EXPECT_EQ(write_tar(files), write_tar(files));
}

/// An error, or an archive that ends there with files that are whole.
TEST(Tar, CutAnywhereNoFileIsShort) {
  const auto whole = write_tar({{"/a", 0444, 0, 0, std::string(600, 'x'), false}});
  for (size_t n = 1; n < 512 + 1024; ++n) {
    const auto read = read_tar(std::string_view(whole).substr(0, n));
    EXPECT_TRUE(!read || read->empty() || read->front().content.size() == 600U) << n;
  }
}

TEST(Tar, JunkIsRefused) {
  EXPECT_FALSE(read_tar(std::string(512, 'x')));
  EXPECT_FALSE(read_tar("{\"message\":\"no such container\"}"));
  auto huge = write_tar({{"/a", 0444, 0, 0, "x", false}});
  huge.replace(124, 11, "77777777777");  // its size; the checksum is another then
  EXPECT_FALSE(read_tar(huge));
}

}  // namespace
}  // namespace reconciler::docker
