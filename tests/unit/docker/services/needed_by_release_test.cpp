// What a release needs runs before it, as it is or as it is to be; what is done with it after that
// is what was shown, though it runs by then.
#include <gmock/gmock.h>

#include "tests/unit/docker/services/go_back.hpp"

namespace reconciler::docker {
namespace {

class NeededByRelease : public GoBack {
 protected:
  /// The remedies of `web`.
  std::map<Aim, std::vector<Work>> remedies() {
    for (auto& r : look(memory).resources)
      if (r.id.name == "web") return r.remedies;
    ADD_FAILURE() << "there is no web";
    return {};
  }
};

TEST_F(NeededByRelease, WhatNeverRanIsMadeRightBeforeAReleaseThatNeedsIt) {
  ASSERT_TRUE(apply());
  engine_.named("a-web-1")->state = "created";
  engine_.named("a-web-1")->started = 0;
  want("2");
  const auto web = remedies();
  const auto& run = web.at(Aim::run);
  EXPECT_EQ(run.front().calls, web.at(Aim::match).front().calls);
  EXPECT_EQ(run.front().verb, "start");
  ASSERT_TRUE(apply());
  EXPECT_EQ(value_of("a-web-1"), "A=2");
}

TEST_F(NeededByRelease, OneThatIsStartedForAReleaseBeforeIsStoppedAsItWasShown) {
  deploy("1");
  record("v1");
  const auto before = engine_.named("a-web-1")->id;
  fail("2");
  engine_.named("a-web-1")->state = "exited";
  want("1");
  const auto web = remedies();
  // As the planner puts them where a release needs it: what is observed is another thing by then.
  auto works = web.at(Aim::run);
  ASSERT_EQ(works.size(), 1U);
  works.push_back(web.at(Aim::match).front());
  works.back().expects.clear();
  for (const auto& work : works) {
    const Attempt attempt{std::to_string(++serial_), {"a", "p"}, "lineage", "", work};
    const auto done = driver_->perform(attempt, {}, progress_, {});
    ASSERT_TRUE(done) << render(done.error());
  }
  EXPECT_EQ(engine_.named("a-web-1")->id, before);
}

}  // namespace
}  // namespace reconciler::docker
