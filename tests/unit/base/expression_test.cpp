#include "reconciler/base/expression.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace reconciler {
namespace {

bool matches(const char* expression, std::string_view text) {
  const auto compiled = Expression::compile(expression);
  EXPECT_TRUE(compiled) << expression;
  return compiled && compiled->matches(text);
}

TEST(Expression, MatchesTheWhole) {
  EXPECT_TRUE(matches("prd", "prd"));
  EXPECT_FALSE(matches("prd", "prd2"));
  EXPECT_FALSE(matches("prd", "xprd"));
  EXPECT_TRUE(matches("[a-z0-9-]+(\\.[a-z0-9-]+)+", "api.example.com"));
  EXPECT_FALSE(matches("[a-z0-9-]+(\\.[a-z0-9-]+)+", "https://api.example.com"));
  EXPECT_FALSE(matches("[a-z0-9-]+(\\.[a-z0-9-]+)+", "localhost"));
  EXPECT_TRUE(matches("a|bc|", ""));
  EXPECT_TRUE(matches("a|bc|", "bc"));
  EXPECT_FALSE(matches("a|bc|", "b"));
  EXPECT_TRUE(matches("^a{2,3}$", "aaa"));
  EXPECT_FALSE(matches("^a{2,3}$", "aaaa"));
  EXPECT_TRUE(matches("a{2,}", "aaaaa"));
  EXPECT_FALSE(matches("a{2}", "a"));
  EXPECT_TRUE(matches("\\d+\\w\\s\\S", "12a x"));
  EXPECT_TRUE(matches("[^\\d]+", "abc"));
  EXPECT_FALSE(matches("[^\\d]+", "a1c"));
  EXPECT_TRUE(matches("[]a]+", "]a"));
  EXPECT_TRUE(matches("[a-]+", "a-"));
  EXPECT_TRUE(matches("(?i)Err(?:or)?", "eRROR"));
  EXPECT_TRUE(matches("x*?y+?z??", "xxyy"));
  EXPECT_TRUE(matches(".", "a"));
  EXPECT_FALSE(matches(".", "\n"));
  EXPECT_TRUE(matches("(a*)*", ""));
  EXPECT_TRUE(matches("a$b|c", "c"));
  EXPECT_FALSE(matches("a^b", "ab"));
}

TEST(Expression, FindsAPart) {
  const auto error = Expression::compile("(?i)error");
  ASSERT_TRUE(error);
  EXPECT_TRUE(error->found_in("an Error came"));
  EXPECT_FALSE(error->found_in("all is well"));
  const auto begin = Expression::compile("^ok");
  EXPECT_TRUE(begin->found_in("ok then"));
  EXPECT_FALSE(begin->found_in("not ok"));
  const auto end = Expression::compile("ok$");
  EXPECT_TRUE(end->found_in("all ok"));
  EXPECT_FALSE(end->found_in("ok?"));
}

TEST(Expression, SaysWhatIsWrong) {
  const auto said = [](std::string_view text) {
    const auto compiled = Expression::compile(text);
    return compiled ? "" : compiled.error().code + ": " + compiled.error().message;
  };
  EXPECT_EQ(said("(a"), "expression.invalid: \"(a\" is no expression: a ( is not closed");
  EXPECT_EQ(said("a)"), "expression.invalid: \"a)\" is no expression: a ) closes nothing");
  EXPECT_EQ(said("[a"), "expression.invalid: \"[a\" is no expression: a [ is not closed");
  EXPECT_EQ(said("*a"),
            "expression.invalid: \"*a\" is no expression: nothing stands before * to repeat");
  EXPECT_EQ(said("a**"), "expression.invalid: \"a**\" is no expression: a repetition is repeated");
  EXPECT_EQ(
      said("a{2"),
      "expression.invalid: \"a{2\" is no expression: a { } needs numbers such as {2} or {2,5}");
  EXPECT_EQ(said("a{999}"),
            "expression.invalid: \"a{999}\" is no expression: a repetition of more than 200");
  EXPECT_EQ(said("(?=a)"),
            "expression.invalid: \"(?=a)\" is no expression: (? can only be (?: or, first of all, "
            "(?i)");
  EXPECT_EQ(
      said("\\1"),
      "expression.invalid: \"\\1\" is no expression: a \\ is followed by what has no meaning");
  EXPECT_EQ(said("[z-a]"),
            "expression.invalid: \"[z-a]\" is no expression: a range in [ ] goes from nowhere to "
            "nowhere");
  EXPECT_EQ(said(std::string(201, 'a')),
            "expression.too_large: the expression has 201 characters, and may have 200");
  EXPECT_EQ(said("((a{200}){200}){200}"),
            "expression.too_large: \"((a{200}){200}){200}\" repeats too much");
  EXPECT_EQ(said("((((((){200}){200}){200}){200}){200})"),
            "expression.too_large: \"((((((){200}){200}){200}){200}){200})\" repeats too much");
  EXPECT_EQ(said(std::string(100, '(')).substr(0, 18), "expression.invalid");
}

TEST(Expression, CannotBeMadeSlow) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(matches("(a+)+$", std::string(4000, 'a') + "b"));
  EXPECT_FALSE(matches("(a*)*(a*)*(a*)*b", std::string(4000, 'a')));
  EXPECT_FALSE(matches("(x|a?){150}b", std::string(4000, 'a')));
  EXPECT_FALSE(matches("a*", std::string(5000, 'a')));  // too long to be looked at
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

}  // namespace
}  // namespace reconciler
