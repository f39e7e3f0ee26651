// What fails once a version is recorded takes nothing of that back, and stops nothing.
#include <gmock/gmock.h>

#include "reconciler/apply/failures.hpp"
#include "tests/simulation/story.hpp"

namespace reconciler::simulation {
namespace {

using testing::ElementsAre;

class AfterRecord : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(story.pass());
    story.commit("v1");
    story.host.cannot_remove = error("docker.error", "removing it failed: the device is busy");
  }
  std::string how() {
    const auto now = story.condition();
    return now.word + "/" + now.reason + ": " + now.why;
  }

  Story story{1};
  const std::string left =
      "not all is removed that v1 does not need any more: removing it failed: the device is busy";
};

TEST_F(AfterRecord, ItIsReadyAndWhatIsLeftIsSaid) {
  const auto done = story.pass();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "prune.failed");
  EXPECT_EQ(done.error().message,
            "v1 runs; what it does not need any more is not all removed: docker.error: removing it "
            "failed: the device is busy");
  EXPECT_EQ(done.error().hint, "reconciler apply app/production; run tries it again by itself");
  std::vector<std::string> facts;
  for (const auto& fact : done.error().facts) facts.push_back(fact.label + ": " + fact.text);
  EXPECT_THAT(facts, ElementsAre("recorded: v1, before it v0",
                                 "log: reconciler history app/production --run 2 --log"));
  const RunEnd end = story.last_run().end;
  EXPECT_EQ(end.condition + "/" + end.reason, "Ready/PruneFailed");
  EXPECT_EQ(end.code + ": " + end.message, "docker.error: removing it failed: the device is busy");
  EXPECT_EQ(how(), "Ready/PruneFailed: " + left);
  EXPECT_EQ(story.condition().next, "reconciler history app/production --run 2 --log");
  EXPECT_FALSE(story.condition().needs_someone());
}

TEST_F(AfterRecord, WhatIsKilledLaterIsHealed) {
  ASSERT_FALSE(story.pass());
  story.host.services.at("worker").up = false;
  EXPECT_EQ(story.condition().word, "Reconciling");
  (void)story.pass();
  EXPECT_TRUE(story.host.services.at("worker").up);
  EXPECT_EQ(how(), "Ready/PruneFailed: " + left);
}

TEST_F(AfterRecord, WhatComesBackIsCountedThoughTheRemovalAfterItFails) {
  ASSERT_FALSE(story.pass());
  for (int i = 0; i < 6; ++i) {
    story.host.services.at("worker").edited = true;
    (void)story.pass();
  }
  EXPECT_EQ(story.condition().reason, "Flapping");
}

TEST_F(AfterRecord, OnTheWayBackItIsBack) {
  story.host.unwell = {"v1"};
  story.host.services.at("worker").edited = true;  // of which nothing is kept to begin with
  const auto done = story.pass();
  ASSERT_FALSE(done);
  EXPECT_TRUE(is_gone_back(done.error())) << render(done.error());
  EXPECT_EQ(story.condition().word, "RolledBack");
}

TEST_F(AfterRecord, AStateFileThatCannotBeWrittenIsTriedAgain) {
  story.host.cannot_remove.reset();
  story.host.cannot_write = error("file.write_failed", "current_tag cannot be written");
  const auto done = story.pass();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "file.write_failed");
  EXPECT_EQ(done.error().lasting, Lasting::transient);
  EXPECT_EQ(story.memory().current->tag, "v1");
  EXPECT_EQ(story.condition().reason, "Retrying");
  story.host.cannot_write.reset();
  ASSERT_TRUE(story.pass());
  EXPECT_EQ(story.host.current_tag, "v1");
}

}  // namespace
}  // namespace reconciler::simulation
