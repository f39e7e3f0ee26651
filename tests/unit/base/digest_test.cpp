#include "reconciler/base/digest.hpp"

#include <gtest/gtest.h>

namespace reconciler {
namespace {

TEST(Base64, BytesComeBack) {
  // RFC 4648, section 10.
  EXPECT_EQ(to_base64("fo"), "Zm8=");
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
  for (const std::string& bytes : {std::string(), std::string("f"), std::string("fo"),
                                   std::string("foo"), std::string("\0\xff\0", 3)})
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
}

TEST(Base64, RefusesWhatIsNone) {
  for (const char* text : {"Zg", "Zg=", "Z", "Zm8!", "====", "Zm=8"})
    EXPECT_FALSE(from_base64(text)) << text;
}

}  // namespace
}  // namespace reconciler
