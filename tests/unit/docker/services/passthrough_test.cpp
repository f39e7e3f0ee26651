// What of Compose is passed on, and with what.
#include "plugins/docker/passthrough.hpp"

#include <gmock/gmock.h>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/filesystem.hpp"

namespace reconciler::docker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

const EnvironmentId production{"web", "production"};

std::string refusal(const std::vector<std::string>& arguments, bool to_terminal = true) {
  const auto may = may_pass(production, arguments, to_terminal);
  return may ? "" : render(may.error());
}

TEST(MayPass, WhatLooksOrWorksInsideOfWhatRuns) {
  for (const std::string one : {"config", "events", "exec", "images", "logs", "ls", "port", "ps",
                                "stats", "top", "version"})
    EXPECT_EQ(refusal({one, "-f", "web"}), "") << one;
}

TEST(MayPass, WhatGoesRoundThePlanIsRefusedWithWhatToUseInstead) {
  EXPECT_EQ(refusal({"down", "-v"}),
            "error usage: compose down would go round the plan: it takes all containers away, with "
            "-v their data too\n"
            "  next  take it out of git; then: reconciler remove web/production, which keeps "
            "volumes\n");
  EXPECT_EQ(refusal({"pull"}),
            "error usage: compose pull would go round the plan: images are fetched as the plan "
            "says\n"
            "  next  reconciler apply web/production --until supply\n");
  for (const std::string one :
       {"up", "down", "rm", "create", "start", "stop", "restart", "kill", "pause", "unpause", "run",
        "build", "pull", "push", "scale", "watch", "cp"}) {
    EXPECT_THAT(refusal({one}), HasSubstr("would go round the plan: ")) << one;
    EXPECT_THAT(refusal({one}), HasSubstr("\n  next  ")) << one;
    EXPECT_THAT(refusal({one}), testing::Not(HasSubstr("{}"))) << one;
  }
}

TEST(MayPass, WhatNobodyKnowsIsRefused) {
  const std::string list =
      "  next  passed on are: config, events, exec, images, logs, ls, port, ps, stats, top, "
      "version\n";
  EXPECT_EQ(refusal({"wait", "--down-project", "web"}),
            "error usage: compose wait is not passed on\n" + list);
  EXPECT_EQ(refusal({}), "error usage: compose needs a subcommand\n" + list);
}

TEST(MayPass, NothingStandsBeforeTheSubcommand) {
  EXPECT_THAT(refusal({"-p", "other", "down"}),
              HasSubstr("so that no option stands before the subcommand: -p\n"));
  EXPECT_NE(refusal({"--project-name=other", "ps"}), "");
}

TEST(MayPass, ValuesOfVariablesGoToATerminalAlone) {
  EXPECT_EQ(refusal({"config"}, true), "");
  EXPECT_EQ(refusal({"config"}, false),
            "error usage: compose config prints the values of variables, and that to a terminal "
            "alone\n"
            "  next  reconciler compose web/production config --services\n");
  EXPECT_EQ(refusal({"config", "--services"}, false), "");
  EXPECT_NE(refusal({"config", "--format", "json"}, false), "");
  for (const std::string one : {"-o", "-oall.yaml", "--output", "--output=all.yaml"})
    EXPECT_NE(refusal({"config", one, "all.yaml"}, true), "") << one;
}

class ComposeCommand : public testing::Test {
 protected:
  ComposeCommand() {
    of.request.id = production;
    of.request.tree.path = folder;
    of.request.tree.index = folder + ".index";
    of.request.sections = JsonObject{{"compose", JsonObject{{"profiles", JsonArray{"debug"}}}}};
    of.request.host = JsonObject{{"files", JsonObject{}}};
    (void)make_folders(folder, 0700);
    (void)replace_file(folder + "/compose.yaml", "services: { web: { image: a } }\n", 0600);
    (void)replace_file(of.request.tree.index,
                       R"([{"path": "compose.yaml", "mode": "100644", "oid": "0"}])", 0600);
    of.variables["PASSWORD"].value = Secret("canary");
    of.arguments = {"logs", "-f", "web"};
  }
  ~ComposeCommand() override { (void)remove_tree(folder); }

  const std::string folder = "/dev/shm/reconciler-pass-" + to_hex(random_bytes(8));
  PassRequest of;
  const PassWith with{
      "/plugin/docker-compose",
      "/run/docker.sock",
      {{"PATH", "/bin"}, {"HOME", "/root"}, {"DOCKER_HOST", "tcp://a"}, {"X", "y"}}};
};

TEST_F(ComposeCommand, EverythingIsGivenAndNoValueIsAnArgument) {
  const auto command = compose_command(of, with);
  ASSERT_TRUE(command) << render(command.error());
  EXPECT_THAT(command->argv, ElementsAre("/plugin/docker-compose", "--env-file", "/dev/null", "-p",
                                         "web", "--project-directory", folder, "--profile", "*",
                                         "-f", folder + "/compose.yaml", "logs", "-f", "web"));
  EXPECT_THAT(
      command->environment,
      UnorderedElementsAre(Pair("PATH", "/bin"), Pair("HOME", "/root"), Pair("PASSWORD", "canary"),
                           Pair("DOCKER_CONFIG", "/root/.docker"),
                           Pair("DOCKER_HOST", "unix:///run/docker.sock")));
}

TEST_F(ComposeCommand, ConfigIsOfWhatRuns) {
  of.arguments = {"config", "--services"};
  EXPECT_EQ(compose_command(of, with)->argv.at(8), "debug");
}

TEST_F(ComposeCommand, NoVariableSteersIt) {
  for (const std::string name : {"LD_PRELOAD", "COMPOSE_FILE", "DOCKER_HOST"}) {
    PassRequest bad = of;
    bad.variables[name].value = Secret("/etc/other");
    EXPECT_FALSE(compose_command(bad, with)) << name;
  }
  of.variables["HOME"].value = Secret("/srv/tree");
  const auto command = compose_command(of, with);
  EXPECT_EQ(command->environment.at("HOME"), "/srv/tree") << "which a compose file may use";
  EXPECT_EQ(command->environment.at("DOCKER_CONFIG"), "/root/.docker");
}

TEST_F(ComposeCommand, TheProjectIsThatOfTheStack) {
  (void)replace_file(folder + "/compose.yaml", "name: shop\nservices: { web: { image: a } }\n",
                     0600);
  EXPECT_EQ(compose_command(of, with)->argv.at(4), "shop");
  of.request.sections.as_object()["compose"].as_object()["project"] = "named";
  EXPECT_EQ(compose_command(of, with)->argv.at(4), "named");
}

}  // namespace
}  // namespace reconciler::docker
