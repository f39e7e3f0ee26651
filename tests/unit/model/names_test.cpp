#include "reconciler/model/names.hpp"

#include <gtest/gtest.h>

namespace reconciler {
namespace {

std::string said(std::string_view name) {
  const auto checked = check_name("environment", name);
  return checked ? "" : checked.error().code + ": " + checked.error().message;
}

TEST(Names, TakesPlainNames) {
  for (const char* name : {"a", "0", "portfolio-compose", "a_b", "production"})
    EXPECT_EQ(said(name), "") << name;
  EXPECT_EQ(said(std::string(63, 'a')), "");
}

TEST(Names, SaysWhatIsWrong) {
  EXPECT_EQ(said(""), "name.invalid: environment \"\" is empty");
  EXPECT_EQ(said("Prod"), "name.invalid: environment \"Prod\" holds upper case");
  EXPECT_EQ(said("../prod"),
            "name.invalid: environment \"../prod\" holds a character that names do not have");
  EXPECT_EQ(said("a b"),
            "name.invalid: environment \"a b\" holds a character that names do not have");
  EXPECT_EQ(said("-a"), "name.invalid: environment \"-a\" begins with \"-\"");
  EXPECT_EQ(said("_a"), "name.invalid: environment \"_a\" begins with \"_\"");
  EXPECT_EQ(said(std::string(64, 'a')),
            "name.invalid: environment \"" + std::string(64, 'a') + "\" is 64 characters long");
  EXPECT_EQ(
      check_name("application", "").error().hint,
      "a name is a-z, 0-9, \"_\" and \"-\", begins with a letter or digit, and has at most 63 "
      "characters");
}

TEST(Names, ReadsThePair) {
  const auto id = parse_environment_id("portfolio/production");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->application, "portfolio");
  EXPECT_EQ(id->environment, "production");
  EXPECT_EQ(parse_environment_id("production").error().message, "\"production\" is not APP/ENV");
  EXPECT_EQ(parse_environment_id("a/b/c").error().message,
            "environment \"b/c\" holds a character that names do not have");
  EXPECT_EQ(parse_environment_id("/b").error().message, "application \"\" is empty");
}

}  // namespace
}  // namespace reconciler
