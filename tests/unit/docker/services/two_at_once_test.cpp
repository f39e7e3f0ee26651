// Two containers of one service, where somebody else made one while ours was made.
#include <gtest/gtest.h>

#include "tests/unit/docker/services/replacement.hpp"

namespace reconciler::docker {
namespace {

using simulation::SimulatedContainer;

TEST_F(Replacement, WhoCameToServeWhileOursWasMadeIsTheOneThatServes) {
  ASSERT_TRUE(apply());
  auto& ours = *engine_.named("a-web-1");
  SimulatedContainer theirs = ours;
  theirs.id = std::string(64, 'd');
  theirs.name = "a_web_1";
  auto& labels = theirs.body.as_object()["Labels"].as_object();
  labels["com.docker.compose.version"] = "1.29.2";
  for (const char* one : {"reconciler.environment", "reconciler.lineage", "reconciler.attempt"})
    labels.erase(one);
  ours.state = "created";
  ours.started = 0;
  engine_.containers[theirs.id] = theirs;
  EXPECT_TRUE(apply());
  EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a_web_1:running"})) << "as it is wanted";
  want("2");
  EXPECT_TRUE(apply());
  EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a-web-1:running"}));
  EXPECT_EQ(value_of("a-web-1"), "A=2");
}

}  // namespace
}  // namespace reconciler::docker
