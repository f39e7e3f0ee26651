#include "plugins/docker/compose/stack.hpp"

#include "plugins/docker/compose/interpolate.hpp"
#include "tests/unit/docker/compose/fixture.hpp"

namespace reconciler::docker {
namespace {

using testing::ElementsAre;

using StackTest = ComposeTest;

TEST_F(StackTest, FindsComposesOwnNamesAndItsOverride) {
  file("docker-compose.yml", "services: {}\n");
  file("compose.override.yaml", "services: {}\n");
  file("compose.yml", "name: shop\nservices: {}\n");
  const auto read = stack();
  ASSERT_TRUE(read);
  EXPECT_THAT(read->paths(),
              ElementsAre(root() + "/compose.yml", root() + "/compose.override.yaml"));
  EXPECT_EQ(read->name, "shop");
}

TEST_F(StackTest, NoComposeFileSaysWhatIsLookedFor) {
  EXPECT_THAT(messages(stack().error()),
              ElementsAre("#/compose/files:0: path.not_found: the tree has no compose.yaml, "
                          "compose.yml, docker-compose.yml, "
                          "docker-compose.yaml"));
}

TEST_F(StackTest, NothingOutsideOfTheTreeIsRead) {
  file("compose.yaml",
       "x-base: &base\n"
       "  env_file: /etc/shadow\n"
       "services:\n"
       "  a:\n"
       "    <<: *base\n"
       "  b:\n"
       "    env_file: [{path: ../../secret.env}]\n"
       "  c:\n"
       "    extends: {file: \"https://example.com/x.yaml\", service: x}\n"
       "  d:\n"
       "    label_file: ${WHERE}\n"
       "include:\n"
       "  - github.com/docker/awesome-compose\n"
       "secrets:\n"
       "  s:\n"
       "    file: /etc/shadow\n");
  EXPECT_THAT(
      messages(stack({}, {{"WHERE", "/etc/passwd"}}).error()),
      ElementsAre(
          "compose.yaml:13: compose.remote_denied: the included file "
          "\"github.com/docker/awesome-compose\" would be "
          "fetched from another machine",
          "compose.yaml:16: path.escape: the file of secrets.s \"/etc/shadow\" lies outside of the "
          "tree",
          "compose.yaml:2: path.escape: the env_file of a \"/etc/shadow\" lies outside of the tree",
          "compose.yaml:7: path.escape: the env_file of b \"../../secret.env\" lies outside of the "
          "tree",
          "compose.yaml:9: compose.remote_denied: extends.file of c \"https://example.com/x.yaml\" "
          "would be fetched "
          "from another machine",
          "compose.yaml:11: path.escape: the label_file of d \"/etc/passwd\" lies outside of the "
          "tree"));
}

TEST_F(StackTest, WhatIsExtendedIsLookedAtToo) {
  file("compose.yaml", "services:\n  a: {extends: {file: base/x.yaml, service: x}}\n");
  file("base/x.yaml", "services:\n  x:\n    env_file: ../../../etc/shadow\n");
  EXPECT_THAT(messages(stack().error()),
              ElementsAre("base/x.yaml:3: path.escape: the env_file of x \"../../../etc/shadow\" "
                          "lies outside of the tree"));
}

/// Reached from another folder a file's relative paths are others: what was looked at once would
/// not be what Compose reads.
TEST_F(StackTest, AFileThatIsReadInTwoWaysIsRefused) {
  file("a/b/base.yaml", "services: {b: {image: x, env_file: ../../etc/os-release}}\n");
  file("etc/os-release", "A=1\n");
  file("compose.yaml",
       "include: [{path: a/b/base.yaml, project_directory: .}]\n"
       "services: {a: {extends: {file: a/b/base.yaml, service: b}}}\n");
  const auto read = stack();
  ASSERT_FALSE(read);
  EXPECT_THAT(messages(read.error()),
              testing::Contains("compose.yaml:2: compose.unsupported: a/b/base.yaml is read in two "
                                "ways here: from another folder, or with other variables"));
  file("own.env", "P=etc/os-release\n");
  file("c.yaml", "services: {c: {image: x, env_file: '${P:-own.env}'}}\n");
  file("compose.yaml", "include: [{path: c.yaml, env_file: own.env}]\n");
  const auto hidden = stack();
  ASSERT_FALSE(hidden);
  EXPECT_THAT(messages(hidden.error()),
              testing::ElementsAre("c.yaml:1: compose.unsupported: what the env_file of c "
                                   "\"${P:-own.env}\" is cannot be told without Compose"));
}

TEST_F(StackTest, LinksAndSubmodulesAreRefusedOnlyWhereTheyAreUsed) {
  symlink("link");
  submodule("vendor");
  file("compose.yaml", "services:\n  a: {image: x}\n");
  EXPECT_TRUE(stack());
  file("compose.yaml", "services:\n  a: {env_file: [link/a.env, vendor/b.env]}\n");
  EXPECT_THAT(messages(stack().error()),
              ElementsAre("compose.yaml:2: path.symlink: the env_file of a \"link/a.env\" leads "
                          "through link, which git has as a symlink",
                          "compose.yaml:2: path.symlink: the env_file of a \"vendor/b.env\" leads "
                          "through vendor, which git has as a "
                          "submodule"));
}

TEST_F(StackTest, TheHostFilesPlacesCount) {
  file("compose.yaml",
       "services:\n  a: {env_file: .env.production}\n  b: {env_file: [{path: none.env, required: "
       "false}]}\n");
  EXPECT_EQ(stack().error().code, "path.not_found");
  place(".env.production", "A=1\n");
  EXPECT_TRUE(stack());
}

TEST_F(StackTest, FilesOfTheManifestStayInTheTree) {
  file("compose.yaml", "services: {}\n");
  folder("dir");
  symlink("l.yaml");
  EXPECT_EQ(stack({"/etc/passwd"}).error().code, "path.escape");
  EXPECT_EQ(stack({"../x.yaml"}).error().code, "path.escape");
  EXPECT_EQ(stack({"l.yaml"}).error().code, "path.symlink");
  EXPECT_EQ(stack({"dir"}).error().code, "path.not_file");
  EXPECT_EQ(stack({"none.yaml"}).error().code, "path.not_found");
}

TEST_F(StackTest, BombsAndTricksOfYamlAreRefused) {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string below = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + below;
    for (int n = 0; n < 9; ++n) bomb += "," + below;
    bomb += "]\n";
  }
  for (const auto& [text, code] : std::map<std::string, std::string>{
           {bomb, "compose.too_large"},
           {"a: &a [*a]\n", "compose.invalid"},
           {"services: {a: {env_file: !!binary L2V0Yw==}}\n", "compose.unsupported"},
           {"a: 1\n---\nb: 2\n", "compose.unsupported"},
           {"a: \"x\n", "compose.invalid"},
           {"? [a]\n: b\n", "compose.unsupported"}}) {
    file("compose.yaml", text);
    const auto read = stack();
    ASSERT_FALSE(read) << text.substr(0, 40);
    EXPECT_EQ(read.error().code, code) << text.substr(0, 40);
  }
}

TEST_F(StackTest, TheByteThatYamlCppLoopsOnEnds) {
  file("compose.yaml", ",");
  (void)stack();
}

TEST_F(StackTest, SaysWhereAVariableIsUsed) {
  file("compose.yaml",
       "services:\n"
       "  web:\n"
       "    image: app:${TAG}\n"
       "  # $TAG\n"
       "  db:\n"
       "    image: db:$TAG\n"
       "    command: echo $$TAG ${TAGS}\n");
  std::vector<std::string> uses;
  for (const auto& [place, service] : good_stack().uses("TAG"))
    uses.push_back(std::to_string(place.line) + " " + service);
  EXPECT_THAT(uses, ElementsAre("3 web", "6 db"));
}

TEST(Interpolate, KnowsComposesSimpleForms) {
  Variables v;
  v["A"] = {Secret("1"), "", true};
  v["E"] = {Secret(""), "", true};
  EXPECT_EQ(interpolate("x$A-${A}-${E:-d}-${E-d}-${N-d}-$$A-$N", v), "x1-1-d--d-$A-");
  EXPECT_FALSE(interpolate("${A:?no}", v));
  EXPECT_FALSE(interpolate("${A:+yes}", v));
  EXPECT_FALSE(interpolate("${A:-$B}", v));
}

}  // namespace
}  // namespace reconciler::docker
