#include "reconciler/manifest/collisions.hpp"

#include <gtest/gtest.h>

#include "tests/unit/manifest/files.hpp"

namespace reconciler {
namespace {

std::string names(const Result<std::vector<EnvironmentSpec>>& selected) {
  if (!selected) return render(selected.error());
  std::string out;
  for (const auto& spec : *selected) out += spec.id.text() + " ";
  return out;
}

TEST(Collisions, NoTwoEnvironmentsOfAHostShareAProject) {
  Files files;
  files.write("a/reconciler.yaml", "compose: { project: shop }\n");
  files.write("a/environments/production.yaml", "tag: v1\n");
  files.write("shop/reconciler.yaml", "environments: { production: { tag: v1 } }\n");
  files.write("z/reconciler.yaml", "environments: { production: { tag: v1 } }\n");
  EXPECT_EQ(
      files.validate(),
      "a/reconciler.yaml:1:21: error env.project_collision: the Compose project \"shop\" of "
      "a/production is also that of shop/production (shop/reconciler.yaml:1)\n"
      "    1 | compose: { project: shop }\n"
      "      |                     ^^^^ give one of them a compose.project of its own, or each the "
      "`host` it runs on\n"
      "shop/reconciler.yaml:1:17: error env.project_collision: the Compose project \"shop\" of "
      "shop/production is also that of a/production (a/reconciler.yaml:1)\n"
      "    1 | environments: { production: { tag: v1 } }\n"
      "      |                 ^^^^^^^^^^ give one of them a compose.project of its own, or each "
      "the `host` it runs on\n");
  EXPECT_EQ(names(select_environments(files.read(), {})), "z/production ");
}

TEST(Collisions, OnAnotherHostTheyMay) {
  Files files;
  files.write("a/reconciler.yaml",
              "environments: { stage: { tag: v1, host: s }, production: { tag: v1, host: p } }\n");
  EXPECT_EQ(files.validate(), "");
  Manifests all = files.read();
  refuse_collisions(all, true);
  EXPECT_TRUE(all.environments.empty());
  EXPECT_EQ(all.broken.size(), 2U);
}

TEST(Collisions, NoTwoEnvironmentsOfAHostShareStateFiles) {
  Files files;
  files.write("a/reconciler.yaml", "state_files: /var/lib/x\n");
  files.write("a/environments/one.yaml", "tag: v1\ncompose: { project: one }\n");
  files.write("a/environments/two.yaml",
              "tag: v1\ncompose: { project: two }\nstate_files: /var/lib//x/\n");
  EXPECT_EQ(
      files.validate(),
      "a/environments/two.yaml:3:14: error env.state_collision: the state files' folder "
      "\"/var/lib/x\" of a/two is also that of a/one (a/reconciler.yaml:1)\n"
      "    3 | state_files: /var/lib//x/\n"
      "      |              ^^^^^^^^^^^^ give one of them a state_files of its own, or each the "
      "`host` it runs on\n"
      "a/reconciler.yaml:1:14: error env.state_collision: the state files' folder \"/var/lib/x\" "
      "of a/one is also that of a/two (a/environments/two.yaml:3)\n"
      "    1 | state_files: /var/lib/x\n"
      "      |              ^^^^^^^^^^ give one of them a state_files of its own, or each the "
      "`host` it runs on\n");
}

TEST(Collisions, NoNameIsThereTwice) {
  Files files;
  files.write("a/shop/reconciler.yaml", "environments: { production: { tag: v1 } }\n");
  files.write("b/shop/reconciler.yaml", "environments: { production: { tag: v1 } }\n");
  const Manifests all = files.read();
  EXPECT_TRUE(all.environments.empty());
  ASSERT_EQ(all.broken.size(), 2U);
  EXPECT_EQ(
      render(all.broken[0].error),
      "a/shop/reconciler.yaml:1:36: error env.duplicate_name: shop/production is there twice, in "
      "b/shop/reconciler.yaml:1 as well\n"
      "    1 | environments: { production: { tag: v1 } }\n"
      "      |                                    ^^ give one application another name: name: "
      "...\n");
}

TEST(Collisions, AnEnvironmentStandsInOnePlace) {
  Files files;
  files.write("a/reconciler.yaml", "environments: { production: { tag: v1 } }\n");
  files.write("a/environments/production.yaml", "tag: v1\n");
  EXPECT_EQ(files.validate(),
            "a/environments/production.yaml: error manifest.duplicate_key: environment production "
            "stands in line 1 of a/reconciler.yaml as well\n"
            "      | keep one of them\n");
}

class Select : public testing::Test {
 protected:
  Select() {
    const char* both = "environments: { stage: { tag: v1, host: s }, production: { tag: v1 } }\n";
    files_.write("portfolio/reconciler.yaml", both);
    files_.write("epsm/reconciler.yaml", "environments: { production: { tag: v1 } }\n");
    files_.write("wrong/reconciler.yaml", "environments: { only: { tga: v1 } }\n");
    all_ = files_.read();
  }
  std::string select(const std::vector<std::string>& wanted) {
    return names(select_environments(all_, wanted));
  }
  Files files_;
  Manifests all_;
};

TEST_F(Select, NoNameMeansAllThatAreWell) {
  EXPECT_EQ(select({}), "epsm/production portfolio/production portfolio/stage ");
}

TEST_F(Select, ANameAloneWhereItIsUnique) {
  EXPECT_EQ(select({"stage", "epsm/production"}), "portfolio/stage epsm/production ");
  EXPECT_EQ(select({"production"}),
            "error env.ambiguous: \"production\" is the name of 2 environments\n"
            "  next  write one of epsm/production and portfolio/production\n");
}

TEST_F(Select, UnknownOnesWithTheNearest) {
  EXPECT_EQ(select({"portfolio/prodution"}),
            "error env.unknown: there is no environment \"portfolio/prodution\"\n"
            "  next  did you mean portfolio/production?\n");
  EXPECT_EQ(select({"elsewhere"}),
            "error env.unknown: there is no environment \"elsewhere\"\n"
            "  next  there are epsm/production, portfolio/production and portfolio/stage\n");
}

TEST_F(Select, WhatWasMeantIsSaidOfNamesThatAreNone) {
  for (const std::string name : {"portfolio:stage", "portfolio/stage/", "./portfolio/stage",
                                 "Portfolio/Stage", "portfolio.stage"})
    EXPECT_EQ(select({name}), "error env.unknown: there is no environment \"" + name +
                                  "\"\n  next  did you mean portfolio/stage?\n");
  EXPECT_EQ(select({"epsm"}),
            "error env.unknown: there is no environment \"epsm\"\n"
            "  next  epsm is an application; its environment is epsm/production\n");
  EXPECT_EQ(select({" "}),
            "error env.unknown: the environment's name is empty\n"
            "  next  write one of epsm/production, portfolio/production and portfolio/stage\n");
  EXPECT_EQ(select({"/etc/passwd"}),
            "error env.unknown: there is no environment \"/etc/passwd\"\n"
            "  next  there are epsm/production, portfolio/production and portfolio/stage\n");
}

TEST_F(Select, OneGivenTwiceIsAUsageError) {
  EXPECT_EQ(select({"stage", "portfolio/stage"}),
            "error usage: portfolio/stage is given twice\n  next  name it once\n");
}

TEST_F(Select, OneThatIsBrokenSaysWhy) {
  EXPECT_EQ(select({"wrong/only"}),
            "wrong/reconciler.yaml:1:17: error manifest.missing: wrong/only has no tag\n"
            "    1 | environments: { only: { tga: v1 } }\n"
            "      |                 ^^^^ write the version wanted, such as tag: v1.2.3\n"
            "wrong/reconciler.yaml:1:25: error manifest.unknown_key: an environment has no key "
            "\"tga\"\n"
            "    1 | environments: { only: { tga: v1 } }\n"
            "      |                         ^^^ did you mean \"tag\"?\n");
}

}  // namespace
}  // namespace reconciler
