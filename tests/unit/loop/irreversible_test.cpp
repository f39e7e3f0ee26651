// What is called irreversible is not gone back past, whatever the clock says of when it came.
#include <gmock/gmock.h>

#include "tests/simulation/story.hpp"

namespace reconciler::simulation {
namespace {

using testing::ElementsAre;

class Irreversible : public testing::Test {
 protected:
  void deploy(const std::string& tag) {
    story.commit(tag);
    ASSERT_TRUE(story.pass());
  }
  std::vector<std::string> former() {
    std::vector<std::string> all;
    for (const auto& one : story.former())
      all.push_back(one.tag + (one.blocked.empty() ? "" : ": " + one.blocked));
    return all;
  }

  Story story{3};
};

TEST_F(Irreversible, NobodyGoesBackPastIt) {
  deploy("v0");
  deploy("v1");
  story.spec().irreversible = {"v1"};
  deploy("v2");
  EXPECT_THAT(former(), ElementsAre("v1", "v0: v1 is irreversible"));
}

TEST_F(Irreversible, NobodyGoesBackPastItThoughTheClockWasAheadBefore) {
  story.clock().shift(std::chrono::hours(24 * 365));
  deploy("v0");
  story.clock().shift(-std::chrono::hours(24 * 365));
  deploy("v1");
  story.spec().irreversible = {"v1"};
  EXPECT_THAT(former(), ElementsAre("v0: v1 is irreversible"));
  deploy("v2");
  EXPECT_THAT(former(), ElementsAre("v1", "v0: v1 is irreversible"));
}

TEST_F(Irreversible, NobodyGoesBackPastItsReleaseThoughTheClockWasAheadBeforeAndItNeverRan) {
  story.clock().shift(std::chrono::hours(24 * 365));
  deploy("v0");
  story.clock().shift(-std::chrono::hours(24 * 365));
  story.host.cannot_switch = {"v1"};
  story.commit("v1");
  ASSERT_FALSE(story.pass());
  deploy("v2");
  story.spec().irreversible = {"v1"};
  EXPECT_THAT(former(), ElementsAre("v0: v1 is irreversible"));
}

}  // namespace
}  // namespace reconciler::simulation
