#include "reconciler/model/tag.hpp"

#include <gtest/gtest.h>

namespace reconciler {
namespace {

std::string said_of_tag(std::string_view tag) {
  const auto checked = check_tag(tag);
  return checked ? "" : checked.error().code + ": " + checked.error().message;
}

std::string said_of_tag(std::string_view tag, TagDiscipline discipline) {
  const auto checked = check_tag(tag, discipline);
  return checked ? "" : checked.error().code + ": " + checked.error().message;
}

TEST(Tag, TakesWhatDockerTakes) {
  for (const char* tag : {"v1.2.3", "1.10", "0123", "12e4567", "_x", "a", "A_b.c-d", "x..y"})
    EXPECT_EQ(said_of_tag(tag), "") << tag;
  EXPECT_EQ(said_of_tag(std::string(128, 'a')), "");
}

TEST(Tag, SaysWhatIsWrong) {
  const std::string rule = "; a tag is letters, digits, \"_\", \".\" and \"-\"";
  const std::string first = "; a tag begins with a letter, a digit or \"_\"";
  EXPECT_EQ(said_of_tag(""), "tag.empty: the tag is empty");
  EXPECT_EQ(said_of_tag("-rf"), "tag.invalid: tag \"-rf\" begins with \"-\"" + first);
  EXPECT_EQ(said_of_tag(".x"), "tag.invalid: tag \".x\" begins with \".\"" + first);
  EXPECT_EQ(said_of_tag(".."), "tag.invalid: tag \"..\" begins with \".\"" + first);
  EXPECT_EQ(said_of_tag("a b"), "tag.invalid: tag \"a b\" holds a space" + rule);
  EXPECT_EQ(said_of_tag("a\tb"), "tag.invalid: tag \"a b\" holds a tab" + rule);
  EXPECT_EQ(said_of_tag("a\nb"), "tag.invalid: tag \"a?b\" holds a line break" + rule);
  EXPECT_EQ(said_of_tag(std::string_view("a\0b", 3)),
            "tag.invalid: tag \"a?b\" holds the control character 0x00" + rule);
  EXPECT_EQ(said_of_tag("$(id)"), "tag.invalid: tag \"$(id)\" holds \"$\"" + rule);
  EXPECT_EQ(said_of_tag("a`id`"), "tag.invalid: tag \"a`id`\" holds \"`\"" + rule);
  EXPECT_EQ(said_of_tag("a;b"), "tag.invalid: tag \"a;b\" holds \";\"" + rule);
  EXPECT_EQ(said_of_tag("acme/web"), "tag.invalid: tag \"acme/web\" holds \"/\"" + rule);
  EXPECT_EQ(said_of_tag("v1@sha256:00"), "tag.invalid: tag \"v1@sha256:00\" holds \"@\"" + rule);
  EXPECT_EQ(said_of_tag("v\xd1\x96"
                        "1"),
            "tag.invalid: tag \"v\xd1\x96"
            "1\" holds \"\xd1\x96\" (U+0456), which is not ASCII" +
                rule);
  EXPECT_EQ(said_of_tag("v\xff"), "tag.invalid: tag \"v?\" holds the byte 0xff" + rule);
  EXPECT_EQ(said_of_tag(std::string(129, 'a')),
            "tag.too_long: the tag is 129 characters long; Docker takes 128");
  EXPECT_EQ(
      said_of_tag("latest"),
      "tag.mutable_forbidden: tag \"latest\" names no version: what it means changes by itself");
}

TEST(Tag, SaysWhereTheImagesNameStands) {
  EXPECT_EQ(check_tag("acme/web").error().hint,
            "write the version alone: the image's name stands in the compose file");
}

TEST(Tag, KeepsToItsDiscipline) {
  for (const char* tag : {"v1.2.3", "1.2.3", "v0.1", "v1.2.3-rc.1", "v10.20.30-alpha-2"})
    EXPECT_EQ(said_of_tag(tag, TagDiscipline::semver), "") << tag;
  for (const char* tag : {"v1", "1234567", "v1.2.3.4", "v01.2.3", "v1.2.3-", "main", "v1.2.3_x"})
    EXPECT_NE(said_of_tag(tag, TagDiscipline::semver), "") << tag;
  for (const char* tag : {"12e4567", "0123456789abcdef0123456789abcdef01234567"})
    EXPECT_EQ(said_of_tag(tag, TagDiscipline::commit), "") << tag;
  for (const char* tag :
       {"12e456", "12E4567", "0123456789abcdef0123456789abcdef012345678", "v1.2.3"})
    EXPECT_NE(said_of_tag(tag, TagDiscipline::commit), "") << tag;
  EXPECT_EQ(said_of_tag("vabc1234-20240115-143022", TagDiscipline::build), "");
  for (const char* tag : {"abc1234-20240115-143022", "vabc1234-2024011-143022", "vabc1234",
                          "vxyz1234-20240115-143022", "vabc1234-20240115-143022-x"})
    EXPECT_NE(said_of_tag(tag, TagDiscipline::build), "") << tag;
  EXPECT_EQ(said_of_tag("nightly", TagDiscipline::any), "");
  EXPECT_EQ(said_of_tag("main", TagDiscipline::semver),
            "tag.discipline: tag \"main\" is not formed as `tags: semver` says: v1.2.3 or 1.2.3, "
            "perhaps with -rc.1 behind it");
  EXPECT_EQ(check_tag("main", TagDiscipline::semver).error().hint,
            "write such a tag, or another discipline under source: semver, commit, build or any");
  EXPECT_EQ(said_of_tag("-rf", TagDiscipline::any).substr(0, 12), "tag.invalid:");
}

}  // namespace
}  // namespace reconciler
