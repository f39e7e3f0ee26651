// Rows in columns at the widths that terminals have.
#include "reconciler/cli/columns.hpp"

#include <gtest/gtest.h>

namespace reconciler::cli {
namespace {

Page wide(size_t width) {
  return {.width = width, .utf8 = true};
}

const std::vector<std::vector<std::string>> status{
    {"ENVIRONMENT", "TAG", "CONDITION", "SINCE", ""},
    {"epsm/production", "v0.2.2", "Ready", "6 d", ""},
    {"portfolio/production", "v1.2.3", "RolledBack", "4 min",
     "v1.2.4: https://api.example.com/healthz answered 500, wanted 200"}};

TEST(Columns, WhatFitsStandsOnOneLine) {
  EXPECT_EQ(table(status, 0, wide(200)),
            "ENVIRONMENT           TAG     CONDITION   SINCE\n"
            "epsm/production       v0.2.2  Ready       6 d\n"
            "portfolio/production  v1.2.3  RolledBack  4 min  v1.2.4: "
            "https://api.example.com/healthz answered 500, wanted 200\n");
}

TEST(Columns, TheLastCellIsWrappedUnderItself) {
  EXPECT_EQ(
      table(status, 0, wide(100)),
      "ENVIRONMENT           TAG     CONDITION   SINCE\n"
      "epsm/production       v0.2.2  Ready       6 d\n"
      "portfolio/production  v1.2.3  RolledBack  4 min  v1.2.4: https://api.example.com/healthz "
      "answered\n"
      "                                                 500, wanted 200\n");
  EXPECT_EQ(table(status, 0, wide(80)),
            "ENVIRONMENT           TAG     CONDITION   SINCE\n"
            "epsm/production       v0.2.2  Ready       6 d\n"
            "portfolio/production  v1.2.3  RolledBack  4 min  v1.2.4:\n"
            "                                                 https://api.example.com/healthz\n"
            "                                                 answered 500, wanted 200\n");
}

TEST(Columns, WhereThereIsNoRoomBesideItStandsBelow) {
  EXPECT_EQ(table(status, 0, wide(60)),
            "ENVIRONMENT           TAG     CONDITION   SINCE\n"
            "epsm/production       v0.2.2  Ready       6 d\n"
            "portfolio/production  v1.2.3  RolledBack  4 min\n"
            "    v1.2.4: https://api.example.com/healthz answered 500,\n"
            "    wanted 200\n");
}

TEST(Columns, ACharacterIsOneColumnHoweverManyBytesItHas) {
  EXPECT_EQ(table({{"é", "1"}, {"ab", "2"}}, 2, wide(80)), "  é   1\n  ab  2\n");
  EXPECT_EQ(table({{"é", "1"}, {"ab", "2"}}, 2, wide(80), 3), "  é    1\n  ab   2\n");
}

TEST(Columns, ASentenceIsWrappedOnATerminalAlone) {
  Page page = wide(10);
  EXPECT_EQ(sentence("one two three", 2, page), "one two three");
  page.terminal = true;
  EXPECT_EQ(sentence("one two three", 2, page), "one two\n  three");
}

TEST(Columns, SignsAreAsWideAsEachOther) {
  Page page;
  EXPECT_EQ(sign(Sign::well, page) + sign(Sign::watch, page) + sign(Sign::wrong, page), "✓!✗");
  page.utf8 = false;
  EXPECT_EQ(sign(Sign::well, page) + "|" + sign(Sign::watch, page) + "|" + sign(Sign::wrong, page),
            "ok    |!     |FAILED");
  page.colour = true;
  EXPECT_EQ(sign(Sign::wrong, page), "\x1b[31mFAILED\x1b[0m");
}

}  // namespace
}  // namespace reconciler::cli
