// What others do to what runs while a version is switched to or verified says nothing of it.
#include <gtest/gtest.h>

#include "tests/simulation/story.hpp"

namespace reconciler::simulation {
namespace {

class Others : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(story.pass());
    story.commit("v1");
  }
  /// Somebody deploys v7 past the program, as that call is made for the n-th time from now.
  void deploy_at(const std::string& call, int n) {
    story.host.on_call = [this, call, n](const std::string& made) mutable {
      if (made != call || --n != 0) return;
      for (auto& [name, runs] : story.host.services) runs = {"v7", true, false, story.host.now()};
    };
  }
  std::string code() {
    const auto done = story.pass();
    return done ? "" : done.error().code;
  }

  Story story{1};
};

TEST_F(Others, WhatIsUnwellIsTheirs) {
  deploy_at("verify v1", 1);
  EXPECT_EQ(code(), "plan.stale");
  EXPECT_EQ(story.memory().current->tag, "v0");
  EXPECT_FALSE(story.memory().target) << "v1 was rejected for what another one did";
  ASSERT_TRUE(story.pass());
  EXPECT_EQ(story.memory().current->tag, "v1");
  EXPECT_EQ(story.host.services.at("worker").tag, "v1");
}

TEST_F(Others, WhatIsWellIsTheirs) {
  story.host.well_of_any = true;
  deploy_at("verify v1", 2);
  EXPECT_EQ(code(), "plan.stale");
  EXPECT_EQ(story.memory().current->tag, "v0") << "v1 was recorded for what another one did";
  ASSERT_TRUE(story.pass());
  EXPECT_EQ(story.memory().current->tag, "v1");
}

/// The Engine starts what crashes anew, and whoever borrows its namespace is to be restarted.
TEST_F(Others, WhoIsLeftBehindByOneThatCrashesIsNobodysDoing) {
  story.host.unwell = {"v1"};
  story.host.on_call = [this](const std::string& made) {
    if (made == "verify v1") story.host.services.at("worker").left_behind = true;
  };
  EXPECT_NE(code(), "plan.stale");
  const auto now = story.condition();
  EXPECT_EQ(now.word + "/" + now.reason, "RolledBack/VerifyFailed");
}

TEST_F(Others, WhatTheyChangeEachTimeItIsPutRightIsLeftToThem) {
  ASSERT_TRUE(story.pass());
  story.host.on_call = [this](const std::string& made) {
    if (made == "verify v1") story.host.services.at("worker").edited = true;
  };
  story.host.services.at("worker").edited = true;
  for (int i = 0; i < 6; ++i) (void)story.pass();
  EXPECT_EQ(story.condition().reason, "Flapping");
}

TEST_F(Others, WhatFailsWhileTheyTakeSomethingElseAwayIsTriedAgain) {
  ASSERT_TRUE(story.pass());
  story.host.services.at("worker").edited = true;
  story.host.cannot_switch = {"v1"};
  story.host.on_call = [this](const std::string& made) {
    if (made == "switch v1") story.host.services.erase("backend");
  };
  EXPECT_EQ(code(), "plan.stale");
  story.host.cannot_switch.clear();
  story.host.on_call = [](const std::string&) {};
  ASSERT_TRUE(story.pass());
  EXPECT_EQ(story.condition().word, "Ready");
}

}  // namespace
}  // namespace reconciler::simulation
