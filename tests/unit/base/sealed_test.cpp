#include "reconciler/base/sealed.hpp"

#include <gtest/gtest.h>

#include "reconciler/base/digest.hpp"

namespace reconciler {
namespace {

std::string bytes_of(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

const InstallationKey key{std::string(32, 'k')};

TEST(Sealed, IsOpenedAgainForTheSamePurpose) {
  for (const std::string& plain :
       {std::string(), std::string("DB_PASSWORD=x"), std::string(70'000, '\xff')}) {
    const auto sealed = seal(key, "a purpose", plain);
    ASSERT_TRUE(sealed);
    EXPECT_EQ(sealed->box.size(), plain.size() + 12 + 16);
    EXPECT_EQ(unseal(key, "a purpose", *sealed).value(), plain);
    EXPECT_NE(seal(key, "a purpose", plain)->box, sealed->box);
  }
}

TEST(Sealed, WhatWasSealedBeforeIsOpened) {
  // Of the GCM specification (McGrew and Viega), test case 16: sealed by any other AES-256-GCM.
  const InstallationKey theirs{
      bytes_of("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")};
  const Sealed sealed{
      bytes_of("cafebabefacedbaddecaf888"
               "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
               "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
               "76fc6ece0f4e1768cddf8853bb2d551b")};
  const auto plain = unseal(theirs, bytes_of("feedfacedeadbeeffeedfacedeadbeefabaddad2"), sealed);
  ASSERT_TRUE(plain);
  EXPECT_EQ(to_hex(*plain),
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
            "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
}

TEST(Sealed, WhatWasChangedIsNotOpened) {
  const auto sealed = seal(key, "a purpose", "DB_PASSWORD=x");
  ASSERT_TRUE(sealed);
  const auto refused = [](const InstallationKey& with, std::string_view purpose,
                          const Sealed& box) {
    const auto opened = unseal(with, purpose, box);
    return !opened && opened.error().code == "seal.broken";
  };
  for (size_t at = 0; at < sealed->box.size(); ++at) {
    Sealed changed = *sealed;
    changed.box[at] = static_cast<char>(changed.box[at] ^ 1);
    EXPECT_TRUE(refused(key, "a purpose", changed)) << at;
  }
  EXPECT_TRUE(refused(key, "another", *sealed));
  EXPECT_TRUE(refused({std::string(32, 'l')}, "a purpose", *sealed));
  EXPECT_TRUE(refused({"short"}, "a purpose", *sealed));
  EXPECT_TRUE(refused(key, "a purpose", {sealed->box.substr(0, 27)}));
  EXPECT_EQ(seal({"short"}, "a purpose", "").error().code, "seal.failed");
}

}  // namespace
}  // namespace reconciler
