// Each verb's --help ends in two examples at least, and each of them is a command line that is
// taken.
#include <gtest/gtest.h>

#include "parser.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/cli/described.hpp"

namespace reconciler::cli {
namespace {

std::vector<const CLI::App*> with_parts(const CLI::App& app) {
  std::vector<const CLI::App*> all;
  for (const auto* verb : verbs_of(app)) {
    all.push_back(verb);
    for (const auto* part : with_parts(*verb)) all.push_back(part);
  }
  return all;
}

/// The calls of reconciler in a line for the shell, each up to what is the shell's own.
std::vector<std::vector<std::string>> calls(const std::string& example) {
  std::vector<std::vector<std::string>> found;
  bool inside = false;
  const auto words = split_command(example);
  EXPECT_TRUE(words) << example;
  for (const auto& word : words ? *words : std::vector<std::string>{}) {
    if (word == "&&" || word == "|" || word == ">" || word == ";") {
      inside = false;
    } else if (word == "reconciler") {
      found.emplace_back();
      inside = true;
    } else if (inside) {
      found.back().push_back(word);
    }
  }
  return found;
}

/// What the parser says against it.
std::string refusal_of(std::vector<std::string> words) {
  WholeParser parser;
  std::reverse(words.begin(), words.end());
  try {
    parser.app.parse(words);
  } catch (const CLI::ParseError& e) {
    return e.get_exit_code() == 0 ? "" : e.what();
  }
  return "";
}

TEST(Examples, EachVerbHasTwoThatAreTaken) {
  const WholeParser parser;
  const auto verbs = with_parts(parser.app);
  EXPECT_GE(verbs.size(), 17U);
  for (const auto* verb : verbs) {
    const auto examples = footer_of(*verb).examples;
    EXPECT_GE(examples.size(), 2U) << verb->get_name() << " has no two examples in its footer";
    for (const auto& example : examples) {
      const auto found = calls(example);
      EXPECT_FALSE(found.empty()) << example;
      bool of_this_verb = false;
      for (const auto& words : found) {
        EXPECT_EQ(refusal_of(words), "") << verb->get_name() << ": " << example;
        for (const auto& word : words) of_this_verb |= word == verb->get_name() || word == "--help";
      }
      EXPECT_TRUE(of_this_verb) << verb->get_name() << ": " << example;
    }
  }
}

TEST(Examples, OneThatIsNotTakenIsFound) {
  EXPECT_EQ(calls("reconciler plan --out a && reconciler apply a > b").size(), 2U);
  EXPECT_NE(refusal_of({"plan", "--frobnicate"}), "");
  EXPECT_NE(refusal_of({"settle", "web/stage"}), "");
  EXPECT_EQ(refusal_of({"plan", "--help"}), "");
}

}  // namespace
}  // namespace reconciler::cli
