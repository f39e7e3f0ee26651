// A version that a person went back to, and that is not well: what runs after that, what git asks
// for and what failed are three things, and each is said.
#include <gmock/gmock.h>

#include "reconciler/apply/failures.hpp"
#include "reconciler/plan/render.hpp"
#include "tests/simulation/story.hpp"

namespace reconciler::simulation {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class FailedRollback : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto* tag : {"v0", "v1", "v2"}) {
      story.commit(tag);
      ASSERT_TRUE(story.pass());
    }
    story.host.unwell = {"v0", "v1", "v3"};
  }
  std::string running() const {
    std::string all;
    for (const auto& [name, runs] : story.host.services) all += name + " " + runs.tag + ";";
    return all;
  }
  std::string how() {
    const auto now = story.condition();
    return now.word + "/" + now.reason + ": " + now.why;
  }
  static std::vector<std::string> facts(const Error& why) {
    std::vector<std::string> all;
    for (const auto& fact : why.facts) all.push_back(fact.label + ": " + fact.text);
    return all;
  }
  /// Nothing is done by itself from here on.
  void expect_rest() {
    (void)story.pass();
    story.host.calls.clear();
    for (int i = 0; i < 5; ++i) {
      const auto done = story.pass();
      EXPECT_TRUE(done && !done->changed);
    }
    EXPECT_THAT(story.host.calls, ElementsAre());
  }

  Story story{2};
  const std::string why = "v1 is not well: services: unwell";
};

TEST_F(FailedRollback, WhatGitAsksForStaysRejected) {
  story.commit("v3");
  ASSERT_FALSE(story.pass());
  for (int again = 0; again < 2; ++again) {
    const auto done = story.rollback_to("v1");
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, "verify.failed");
    EXPECT_EQ(done.error().message, why + "; app/production is back at v2, and well");
    EXPECT_EQ(done.error().hint,
              "commit another tag; or v3 again: reconciler retry app/production");
    EXPECT_THAT(facts(done.error()), testing::Contains("held: v3 is not tried again by itself"));
    EXPECT_TRUE(is_gone_back(done.error()));
    EXPECT_EQ(running(), "backend v2;worker v2;");
    EXPECT_EQ(story.memory().target->rejected_tag, "v3");
    EXPECT_EQ(story.memory().target->failed_tag, "v1");
    EXPECT_EQ(how(), "RolledBack/VerifyFailed: v3 is held off; wanted instead: " + why);
    EXPECT_EQ(story.condition().next,
              "commit another tag; or v3 again: reconciler retry app/production");
    EXPECT_THAT(render(story.seen().plan, Page{}),
                HasSubstr("  held  git asks for v3, which is held off; v1, wanted instead, failed "
                          "(VerifyFailed): " +
                          why + "\n"));
  }
  expect_rest();
  story.commit("v4");
  ASSERT_TRUE(story.pass());
  EXPECT_EQ(running(), "backend v4;worker v4;");
}

TEST_F(FailedRollback, RetryTriesWhatGitAsksFor) {
  story.commit("v3");
  ASSERT_FALSE(story.pass());
  ASSERT_FALSE(story.rollback_to("v1"));
  story.host.unwell.erase("v3");
  EXPECT_EQ(story.retry(), "v3");
  ASSERT_TRUE(story.pass());
  EXPECT_EQ(running(), "backend v3;worker v3;");
}

TEST_F(FailedRollback, BackAtWhatGitAsksForNothingIsHeld) {
  for (int again = 0; again < 2; ++again) {
    const auto done = story.rollback_to("v1");
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().message, why + "; app/production is back at v2, and well");
    EXPECT_EQ(done.error().hint, "another version: reconciler rollback app/production");
    EXPECT_THAT(facts(done.error()), testing::Contains("held: nothing: v2 is what git asks for"));
    EXPECT_TRUE(is_gone_back(done.error()));
    EXPECT_EQ(running(), "backend v2;worker v2;");
    EXPECT_FALSE(story.seen().plan.held);
    EXPECT_EQ(how(), "Ready/RequestFailed: back at v2, which git asks for; " + why);
    EXPECT_FALSE(story.condition().needs_someone());
  }
  expect_rest();
  EXPECT_FALSE(story.memory().target);
}

TEST_F(FailedRollback, CutOffOnItsWayBackItGoesOnWithoutGit) {
  std::stop_source stop;
  int asked = 0;
  story.host.on_call = [&](const std::string& call) {
    if (call == "verify v1" && ++asked == 5) stop.request_stop();
  };
  ASSERT_FALSE(story.rollback_to("v1", {.stop = stop.get_token()}));
  story.host.on_call = [](const std::string&) {};
  EXPECT_EQ(running(), "backend v1;worker v1;");
  const Plan plan = story.seen().plan;
  EXPECT_EQ(plan.from + " -> " + plan.to, "v1 -> v2");
  EXPECT_THAT(render(plan, Page{}),
              HasSubstr("  held  back to what git asks for; v1, wanted instead, failed "
                        "(VerifyFailed): " +
                        why + "\n"));
  ASSERT_TRUE(story.pass());
  EXPECT_EQ(how(), "Ready/RequestFailed: back at v2, which git asks for; " + why);
  expect_rest();
  EXPECT_FALSE(story.memory().target);
}

TEST_F(FailedRollback, AVersionIsKnownToBeAskedForThoughItWasRecordedOnAWayBack) {
  story.commit("v3");
  ASSERT_FALSE(story.pass());
  story.commit("v2");
  ASSERT_TRUE(story.pass());
  EXPECT_EQ(how(), "Ready/Succeeded: ");
  ASSERT_FALSE(story.rollback_to("v1"));
  EXPECT_EQ(how(), "Ready/RequestFailed: back at v2, which git asks for; " + why);
}

TEST_F(FailedRollback, WhatAPersonWentBackToBeforeIsWhereItGoes) {
  story.host.unwell = {"v0"};
  ASSERT_TRUE(story.rollback_to("v1"));
  ASSERT_FALSE(story.rollback_to("v0"));
  EXPECT_EQ(running(), "backend v1;worker v1;");
  EXPECT_EQ(how(),
            "RolledBack/VerifyFailed: v2 is held off; wanted instead: v0 is not well: "
            "services: unwell");
  expect_rest();
}

TEST_F(FailedRollback, ACheckThatThatVersionWasRecordedWithoutOnlyWarns) {
  story.check("services and pages");
  ASSERT_TRUE(story.rollback_to("v1"));
  EXPECT_EQ(running(), "backend v1;worker v1;");
  EXPECT_THAT(*story.ledger().log(story.last_run().serial),
              testing::Contains("warning: services and pages: unwell; v1 was recorded "
                                "without that check"));
}

/// What is done about a version is no part of it.
class FromItsRecord : public FailedRollback {
 protected:
  void SetUp() override {
    FailedRollback::SetUp();
    story.host.cannot_prepare = {{"v1", error("sim.broken", "v1 makes no sense")}};
  }
};

TEST_F(FromItsRecord, AFailureIsDealtWithAsTodaysManifestSays) {
  story.spec().on_failure = OnFailure::hold;
  const auto done = story.rollback_to("v1");
  ASSERT_FALSE(done);
  EXPECT_FALSE(is_gone_back(done.error()));
  EXPECT_EQ(running(), "backend v1;worker v1;");
}

TEST_F(FromItsRecord, AndGoesBackWhereItSaysNothing) {
  const auto done = story.rollback_to("v1");
  ASSERT_FALSE(done);
  EXPECT_TRUE(is_gone_back(done.error()));
  EXPECT_EQ(running(), "backend v2;worker v2;");
}

TEST_F(FromItsRecord, WhatIsKeptIsAsTodaysManifestSays) {
  story.commit("v3");
  ASSERT_FALSE(story.pass());
  EXPECT_TRUE(story.host.images.contains("backend:v0"));
  story.spec().keep = 0;
  ASSERT_TRUE(story.pass());
  EXPECT_EQ(story.seen().plan.to, "v2");
  EXPECT_FALSE(story.host.images.contains("backend:v0"));
}

}  // namespace
}  // namespace reconciler::simulation
