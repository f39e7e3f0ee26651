// Of a command line that names a verb, that one alone is described to the parser.
#include <gmock/gmock.h>

#include "parser.hpp"

namespace reconciler::cli {
namespace {

std::vector<std::string> all_verbs(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* verb : app.get_subcommands({})) names.push_back(verb->get_name());
  return names;
}

std::vector<std::string> added(const std::vector<std::string>& named) {
  WholeParser whole;
  CLI::App app;
  add_everything(app, whole.options, whole.context, "1.2.3", whole.chosen, named);
  return all_verbs(app);
}

TEST(NamedVerbs, EachIsFoundByItsName) {
  const WholeParser whole;
  const auto all = all_verbs(whole.app);
  EXPECT_GT(all.size(), 25U);
  for (const auto& name : all)
    EXPECT_THAT(added({"--json", name, "web/production"}), testing::ElementsAre(name));
}

TEST(NamedVerbs, WhatMayBeOneIsOne) {
  EXPECT_THAT(added({"--repo", "plan", "apply", "status"}),
              testing::ElementsAre("plan", "apply", "status"));
  EXPECT_THAT(added({"--help"}), testing::IsEmpty());
  WholeParser whole;
  EXPECT_EQ(added({}), all_verbs(whole.app));
}

}  // namespace
}  // namespace reconciler::cli
