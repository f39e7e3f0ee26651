// Scripts are read, never run: what they say of files, locks, services and variables.
#include "plugins/docker/discover/scripts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugins/docker/discover/shell_text.hpp"
#include "plugins/docker/discover/tag.hpp"

namespace reconciler::docker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Scripts read(std::string_view text) {
  Scripts all;
  read_script("deploy.sh", text, all);
  return all;
}

TEST(Scripts, PathsAreFilledInFromWhatTheScriptSetsItself) {
  const auto all = read(R"(#!/bin/bash
STATE_DIR="${STATE_DIR:-/var/lib/portfolio}"   # where tags are
NAME=portfolio
LOCK=/var/lock/$NAME-deploy.lock
exec 9>"$LOCK"; flock -n 9 || exit 1
cat "$STATE_DIR/current_tag"
)");
  EXPECT_EQ(all.found.state_files, "/var/lib/portfolio");
  EXPECT_THAT(all.found.locks, ElementsAre("/var/lock/portfolio-deploy.lock"));
}

TEST(Scripts, ALockThatIsNotTakenWithFlockIsNobodyElsesToHonour) {
  const auto all = read("mkdir /var/lock/deploy.lock || exit 1\n");
  EXPECT_THAT(all.found.locks, IsEmpty());
  EXPECT_THAT(all.found.other_locks, ElementsAre("/var/lock/deploy.lock"));
}

TEST(Scripts, FilesAndServicesThatAreGivenToCompose) {
  const auto all = read(R"(
COMPOSE_PROD="${COMPOSE_PROD:-docker-compose.prod.yml}"
dc() { docker compose -f "$COMPOSE_PROD" -f docker-compose.eu.yml "$@"; }
doppler run -- ./other.sh
docker run --rm alpine true
dc run --rm -T -e QUIET=1 \
   --no-deps release
dc up -d --remove-orphans
docker image rm app:old
)");
  EXPECT_THAT(all.compose_files, ElementsAre("docker-compose.prod.yml", "docker-compose.eu.yml"));
  ASSERT_EQ(all.found.once.size(), 1U);
  EXPECT_EQ(all.found.once[0].text, "release");
  EXPECT_EQ(all.found.remove_orphans, "deploy.sh");
  EXPECT_EQ(all.found.prune_images, "deploy.sh");
}

TEST(Scripts, WhatIsDerivedFromOtherVariablesAndNothingThatWouldHaveToBeRun) {
  const auto all = read(R"(
export API_URL="https://$API_DOMAIN"
TAG="${TAG:-$(git describe --tags)}"
COMMIT=$(git rev-parse HEAD)
PATH="/opt/bin:$PATH"
PLAIN=text
)");
  ASSERT_EQ(all.found.set.size(), 1U);
  EXPECT_EQ(all.found.set[0].name, "API_URL");
  EXPECT_EQ(all.found.set[0].text, "https://${API_DOMAIN}");
}

TEST(Scripts, WhatTheyAskAfterwards) {
  const auto all = read(R"(
curl -fsS "https://$SITE_DOMAIN/" >/dev/null
curl -fsS https://${API_DOMAIN}/healthz
echo "see https://example.com/manual"
)");
  ASSERT_EQ(all.found.checks.size(), 2U);
  EXPECT_EQ(all.found.checks[0].text, "https://${SITE_DOMAIN}/");
  EXPECT_EQ(all.found.checks[1].text, "https://${API_DOMAIN}/healthz");
}

TEST(ShellText, EndsWhereTextIsBroken) {
  EXPECT_EQ(expand_shell("${A", {}), "${A");
  EXPECT_EQ(expand_shell("$", {}), "$");
  EXPECT_EQ(expand_shell("$A", {{"A", "$B"}, {"B", "$A"}}), "${A}") << "a circle";
  EXPECT_THAT(shell_lines("a \\"), ElementsAre("a  "));
}

TEST(Tag, TheVariableThatAnImagesTagIs) {
  EXPECT_EQ(variable_of_tag("app:${TAG}"), "TAG");
  EXPECT_EQ(variable_of_tag("host:5000/app:$VERSION"), "VERSION");
  EXPECT_EQ(variable_of_tag("app:${TAG:-latest}"), "TAG");
  EXPECT_EQ(variable_of_tag("app:${TAG:?say which}"), "TAG");
  EXPECT_EQ(variable_of_tag("app:1.${MINOR}"), "");
  EXPECT_EQ(variable_of_tag("${REGISTRY}/app"), "");
}

}  // namespace
}  // namespace reconciler::docker
