// What others say, made fit for a terminal, a line and JSON.
#include "reconciler/base/text.hpp"

#include <gtest/gtest.h>

#include "reconciler/base/utf8.hpp"

namespace reconciler {
namespace {

TEST(Printable, LeavesWhatPeopleWrite) {
  EXPECT_EQ(printable("a b\tc: \xc3\xa5\xe2\x82\xac\xf0\x9f\x90\xb3"),
            "a b c: \xc3\xa5\xe2\x82\xac\xf0\x9f\x90\xb3");
}

TEST(Printable, TakesATerminalsLanguageAway) {
  EXPECT_EQ(printable("\x1b[31mred\x07\r\n"), "?[31mred???");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "?31m")
      << "one character that means ESC [";
  EXPECT_EQ(printable("exe.\xe2\x80\xae"
                      "gpj"),
            "exe.?gpj")
      << "turned round from there on";
  EXPECT_EQ(printable("\xe2\x81\xa6"
                      "x"),
            "?x");
}

TEST(Printable, IsAlwaysUtf8) {
  EXPECT_EQ(printable("\xff-\xc3+\xe2\x82"), "?-?+??");
  EXPECT_TRUE(is_utf8(printable("\xf0\x9f\x90")));
}

TEST(Printable, CutsBetweenCharacters) {
  EXPECT_EQ(printable("\xc3\xa5\xc3\xa5", 3), "\xc3\xa5...");
  EXPECT_EQ(printable("\xc3\xa5\xc3\xa5", 4), "\xc3\xa5\xc3\xa5");
}

}  // namespace
}  // namespace reconciler
