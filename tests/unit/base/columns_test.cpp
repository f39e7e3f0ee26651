// Text as columns of a terminal: what is wide, what is nothing, what is broken where.
#include "reconciler/base/columns.hpp"

#include <gtest/gtest.h>

namespace reconciler {
namespace {

TEST(ColumnsOf, ACharacterIsAsWideAsATerminalDrawsIt) {
  EXPECT_EQ(columns_of("é→✓"), 3U);
  EXPECT_EQ(columns_of("漢字"), 4U);
  EXPECT_EQ(columns_of("📦 built ✅"), 11U);
  EXPECT_EQ(columns_of("e\u0301"), 1U);
  EXPECT_EQ(columns_of("\x1b[32m✓\x1b[0m"), 1U);
  EXPECT_EQ(columns_of("M\xfcnchen \xe2\x82"), 10U) << "what is no UTF-8 is a column a byte";
}

TEST(Cut, NeverInsideACharacter) {
  EXPECT_EQ(cut("→→→", 2), "→→");
  EXPECT_EQ(cut("a漢字", 2), "a");
  EXPECT_EQ(cut("a漢字", 3), "a漢");
  EXPECT_EQ(cut("\x1b[32m✓\x1b[0m web", 1), "\x1b[32m✓\x1b[0m");
  EXPECT_EQ(cut("ab", 2), "ab");
}

TEST(Wrapped, AtTheLastPlaceThatFits) {
  EXPECT_EQ(wrapped("one two three", 2, 9), "one two\n  three");
  EXPECT_EQ(wrapped("one two three", 2, 10), "one two\n  three");
  EXPECT_EQ(wrapped("one two three", 2, 15), "one two three");
  EXPECT_EQ(wrapped("a, b c, d", 0, 5, ", "), "a,\nb c,\nd");
  EXPECT_EQ(wrapped("too_long_for_it and", 2, 8), "too_long_for_it\n  and");
}

TEST(Ascii, WhatComesNearest) {
  EXPECT_EQ(ascii("‹DB_PASSWORD› → “Größe” – ok…"), "<DB_PASSWORD> -> \"Gr??e\" - ok...");
  EXPECT_EQ(ascii("M\xfcnchen"), "M?nchen");
}

}  // namespace
}  // namespace reconciler
