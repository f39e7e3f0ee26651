// Declared calls as lines that a person could type.
#include "plugins/docker/commands.hpp"

#include <gmock/gmock.h>

namespace reconciler::docker {
namespace {

using testing::ElementsAre;

class Commands : public testing::Test {
 protected:
  Commands() {
    model.project = "shop";
    Container web;
    web.service = "web";
    web.name = "shop-web-1";
    web.config = JsonObject{
        {"Image", "shop-web:v2"},
        {"HostConfig", JsonObject{{"RestartPolicy", JsonObject{{"Name", "unless-stopped"}}}}}};
    web.endpoints = {{"shop_default", JsonObject{{"Aliases", JsonArray{"web"}}}}};
    web.files = {{.path = "/etc/a.conf", .content = {}}, {.path = "/etc/b.conf", .content = {}}};
    model.containers.push_back(std::move(web));
  }
  std::vector<std::string> of(std::vector<std::string> calls, const std::string& verb = "switch",
                              JsonObject input = {}) {
    Work work;
    work.verb = verb;
    work.calls = std::move(calls);
    work.input = std::move(input);
    return commands_of(&model, files, work);
  }
  CompiledModel model;
  std::vector<std::string> files;
};

TEST_F(Commands, ASwitchStepByStepAndInOne) {
  EXPECT_THAT(
      of({"POST /containers/create shop-web-1.next", "PUT /containers/archive shop-web-1.next",
          "PUT /containers/archive shop-web-1.next",
          "POST /networks/connect shop_default shop-web-1.next", "POST /containers/stop shop-web-1",
          "POST /containers/rename shop-web-1 shop-web-1.prev",
          "POST /containers/rename shop-web-1.next shop-web-1",
          "POST /containers/update shop-web-1.prev", "POST /containers/start shop-web-1"}),
      ElementsAre(
          "# shop-web-1.next is created from shop-web:v2, beside what runs and with all that the "
          "compose files say;",
          "# no docker line has all of that under that name",
          "docker cp FILE shop-web-1.next:/etc/a.conf",
          "docker cp FILE shop-web-1.next:/etc/b.conf",
          "docker network connect --alias web shop_default shop-web-1.next",
          "docker stop shop-web-1", "docker rename shop-web-1 shop-web-1.prev",
          "docker rename shop-web-1.next shop-web-1", "docker update --restart=no shop-web-1.prev",
          "docker start shop-web-1",
          "# all of this in one, the old container gone before the new one is known to be well:",
          "docker compose -p shop up -d --no-deps --no-build web"));
}

TEST_F(Commands, OneThatServesAgainGetsItsRestartPolicyBack) {
  EXPECT_THAT(of({"POST /containers/update shop-web-1"}),
              ElementsAre("docker update --restart=unless-stopped shop-web-1"));
}

TEST_F(Commands, Images) {
  files = {"prod compose.yml"};
  EXPECT_THAT(of({"POST /build shop-web:v2"}, "build", {{"service", "web"}}),
              ElementsAre("docker compose -p shop -f 'prod compose.yml' build web"));
  EXPECT_THAT(of({"POST /images/create redis:7"}, "pull"), ElementsAre("docker pull redis:7"));
  EXPECT_THAT(of({"POST /images/tag sha256:ab shop-web:v2"}, "tag"),
              ElementsAre("docker tag sha256:ab shop-web:v2"));
  EXPECT_THAT(of({"DELETE /images shop-web:v1"}, "prune"), ElementsAre("docker rmi shop-web:v1"));
  EXPECT_THAT(of({"POST /build/prune"}, "trim", {{"budget", 10}}),
              ElementsAre("docker builder prune --keep-storage=10"));
}

TEST_F(Commands, TasksAndChecks) {
  EXPECT_THAT(
      of({"POST /containers/create shop-release-run-*"}, "release",
         {{"kind", "run"}, {"service", "release"}, {"command", JsonArray{"sh", "-c", "a; b"}}}),
      ElementsAre("docker compose -p shop run --no-deps release sh -c 'a; b'"));
  EXPECT_THAT(of({"POST /containers/exec shop-web-1", "POST /exec/start shop-web-1"}, "verify",
                 {{"kind", "exec"}, {"service", "web"}, {"command", JsonArray{"true"}}}),
              ElementsAre("docker exec shop-web-1 true"));
  EXPECT_THAT(of({"POST /containers/exec shop-db-1", "POST /exec/start shop-db-1"}, "backup",
                 {{"kind", "backup"},
                  {"command", JsonArray{"pg_dump", "-U", "app user"}},
                  {"folder", "/var/backups/shop/production"}}),
              ElementsAre("docker exec shop-db-1 pg_dump -U 'app user' "
                          ">/var/backups/shop/production/$(date -u +%Y%m%dT%H%M%SZ).backup"));
  EXPECT_THAT(of({"POST /containers/exec shop-db-1", "POST /exec/start shop-db-1"}, "restore",
                 {{"kind", "restore"},
                  {"command", JsonArray{"psql"}},
                  {"folder", "/b"},
                  {"file", "20261128T231757Z.backup"}}),
              ElementsAre("docker exec -i shop-db-1 psql </b/20261128T231757Z.backup"));
  EXPECT_THAT(of({}, "verify", {{"kind", "services"}}),
              ElementsAre("docker compose -p shop ps --all"));
  EXPECT_THAT(of({}, "verify", {{"kind", "logs"}, {"service", "web"}}),
              ElementsAre("docker compose -p shop logs web"));
}

TEST_F(Commands, WhatNoLineDoesIsSaid) {
  EXPECT_THAT(of({"POST /swarm/leave now"}),
              ElementsAre("# no docker line does this: POST /swarm/leave now"));
  EXPECT_THAT(of({"POST /networks/create shop_back"}),
              ElementsAre("# with the labels and options that the compose files give it:",
                          "docker network create shop_back"));
}

}  // namespace
}  // namespace reconciler::docker
