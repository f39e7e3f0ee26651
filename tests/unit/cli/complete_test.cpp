#include "reconciler/cli/complete.hpp"

#include <gtest/gtest.h>

#include "parser.hpp"

namespace reconciler::cli {
namespace {

const Names names{
    [] {
      return std::vector<std::string>{"shop/stage", "web/production", "web/stage"};
    },
    [](const std::string& of) {
      return of == "web/stage" ? std::vector<std::string>{"api", "db"} : std::vector<std::string>{};
    }};

/// What may stand in the place of the last word; `:files` and `:folders` as shells are told.
std::vector<std::string> after(const std::vector<std::string>& words) {
  const SmallParser parser;
  const auto found = CommandLine(parser.app, words).complete(names);
  std::vector<std::string> texts;
  for (const auto& one : found.suggestions) texts.push_back(one.text);
  if (found.files == Completion::Files::files) texts.push_back(":files");
  if (found.files == Completion::Files::folders) texts.push_back(":folders");
  return texts;
}

using Words = std::vector<std::string>;

TEST(Complete, Verbs) {
  EXPECT_EQ(after({}), (Words{"deploy", "version"}));
  EXPECT_EQ(after({""}), (Words{"deploy", "version"}));
  EXPECT_EQ(after({"ver"}), (Words{"version"}));
  EXPECT_EQ(after({"--state-dir", "/x", "d"}), (Words{"deploy"}));
  EXPECT_EQ(after({"--state-dir=/x", "d"}), (Words{"deploy"}));
  EXPECT_EQ(after({"hid"}), Words{}) << "what --help does not show";
  EXPECT_EQ(after({"version", ""}), Words{});
}

TEST(Complete, WhatAVerbIsIsSaidForShellsThatShowIt) {
  const SmallParser parser;
  EXPECT_EQ(CommandLine(parser.app, {"v"}).complete(names).suggestions,
            (std::vector<Suggestion>{{"version", "Print the version."}}));
}

TEST(Complete, Options) {
  EXPECT_EQ(after({"deploy", "-"}), (Words{"--out", "--yes", "--state-dir", "--help"}));
  EXPECT_EQ(after({"deploy", "--o"}), (Words{"--out"}));
  EXPECT_EQ(after({"--s"}), (Words{"--state-dir"}));
  EXPECT_EQ(after({"deploy", "--", "--o"}), Words{}) << "after -- there are no options";
}

TEST(Complete, ValuesOfOptions) {
  EXPECT_EQ(after({"deploy", "--out", ""}), (Words{":files"}));
  EXPECT_EQ(after({"deploy", "--out=/tm"}), (Words{":files"}));
  EXPECT_EQ(after({"deploy", "--state-dir", "/v"}), (Words{":folders"}));
  EXPECT_EQ(after({"deploy", "--yes", "web"}), (Words{"web/production", "web/stage"}))
      << "a flag takes none";
  EXPECT_EQ(after({"deploy", "--yes=", ""}), (Words{"shop/stage", "web/production", "web/stage"}));
}

TEST(Complete, EnvironmentsAreNamedWhole) {
  EXPECT_EQ(after({"deploy", ""}), (Words{"shop/stage", "web/production", "web/stage"}));
  EXPECT_EQ(after({"deploy", "web/s"}), (Words{"web/stage"}));
  EXPECT_EQ(after({"deploy", "pro"}), (Words{"production"}))
      << "unique, and nothing else begins so";
  EXPECT_EQ(after({"deploy", "sta"}), Words{}) << "two are called stage";
}

TEST(Complete, ArgumentsInTheirOrder) {
  EXPECT_EQ(after({"deploy", "web/stage", ""}), (Words{"fast", "slow"}));
  EXPECT_EQ(after({"deploy", "web/stage", "--out", "x", "f"}), (Words{"fast"}));
  EXPECT_EQ(after({"deploy", "web/stage", "fast", ""}), (Words{"api", "db"}));
  EXPECT_EQ(after({"deploy", "web/stage", "fast", "api", "d"}), (Words{"db"}))
      << "as many as one likes";
  EXPECT_EQ(after({"deploy", "web/production", "fast", ""}), Words{});
}

TEST(Complete, WhatMakesNoSenseLeadsNowhere) {
  EXPECT_EQ(after({"frobnicate", "--x=", "=", ""}), (Words{"deploy", "version"}));
  EXPECT_EQ(after({"--frobnicate="}), Words{});
  EXPECT_EQ(after({"deploy", "--yes=n"}), Words{});
  EXPECT_EQ(after({std::string(100000, 'x')}), Words{});
}

TEST(Complete, OptionsThatAllTakeAreKnownBeforeTheLineIsWhole) {
  const SmallParser parser;
  using Given = std::map<std::string, std::string>;
  EXPECT_EQ(CommandLine(parser.app, {"--state-dir", "/x", "deploy", "--out=y", "w"}).given(),
            (Given{{"--out", "y"}, {"--state-dir", "/x"}}));
  EXPECT_EQ(CommandLine(parser.app, {"deploy", "--state-dir"}).given(), Given{});
}

}  // namespace
}  // namespace reconciler::cli
