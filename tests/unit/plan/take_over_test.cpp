// A stack that scripts deployed is known after one look, and nothing of it is touched.
#include "reconciler/plan/take_over.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconciler/plan/planner.hpp"
#include "reconciler/plan/render.hpp"

namespace reconciler {
namespace {

using testing::ElementsAre;
using testing::Pair;

class TakeOverTest : public testing::Test {
 protected:
  TakeOverTest() {
    desired.id = {"portfolio", "production"};
    desired.tag = "v1.2.2";
    desired.commit = "c2";
    desired.config_commit = "5d0e9b1";
    desired.config_subject = "portfolio as it runs today";
    desired.digest = "digest of v1.2.2";
    desired.keep = 0;
    Step release;
    release.name = "release";
    release.once = Once::tag;
    release.once_key = "portfolio/production/release@v1.2.2";
    release.work.phase = Phase::release;
    release.work.verb = "release";
    Step statics;
    statics.name = "static";
    statics.once = Once::change;
    statics.work.phase = Phase::release;
    statics.work.verb = "release";
    Step check;
    check.name = "services";
    check.work.phase = Phase::verify;
    check.work.verb = "verify";
    desired.steps = {release, statics, check};
    for (const char* name : {"backend", "frontend"}) {
      service(name).version = "v1.2.2";
      image(std::string("portfolio-") + name + ":v1.2.2", "v1.2.2");
      image(std::string("portfolio-") + name + ":v1.2.1", "v1.2.1");
    }
    service("db");
    state("current_tag", "v1.2.2");
    state("prev_tag", "v1.2.1");
  }

  Resource& service(const std::string& name) {
    Resource r;
    r.id = {"compose", "service", name};
    r.desired = r.observed = "as it is";
    seen.resources.push_back(r);
    return seen.resources.back();
  }
  void image(const std::string& name, const std::string& tag) {
    Resource r;
    r.id = {"compose", "image", name};
    r.desired = tag == desired.tag ? "there" : "";
    r.observed = "there";
    r.version = tag == desired.tag ? "" : tag;
    r.health = Health::none;
    r.artifact = true;
    r.inputs = "taken " + name;
    seen.resources.push_back(r);
  }
  void state(const std::string& name, const std::string& tag) {
    Resource r;
    r.id = {"files", "state", name};
    r.desired = name == "current_tag" ? desired.tag : "";
    r.observed = r.version = tag;
    r.health = Health::none;
    r.ours = name == "current_tag";
    if (r.desired != r.observed && !r.desired.empty()) {
      Work write;
      write.phase = Phase::record;
      write.verb = "record";
      write.targets = {r.id};
      r.remedies[Aim::match] = {write};
      r.differences = {{name, tag, desired.tag}};
    }
    seen.resources.push_back(r);
  }
  Resource& at(const std::string& name) {
    for (auto& r : seen.resources)
      if (r.id.name == name) return r;
    throw std::out_of_range(name);
  }
  void without(const std::string& name) {
    std::erase_if(seen.resources, [&](const Resource& r) { return r.id.name == name; });
  }
  void differ(const std::string& name) {
    Resource& r = at(name);
    r.observed = "otherwise";
    r.differences = {{"environment DEBUG", "1", "0"}};
    Work work;
    work.verb = "switch";
    work.targets = {r.id};
    r.remedies[Aim::match] = {work};
  }
  Plan plan() const { return make_plan(desired, seen, memory, {}); }
  std::string shown() const { return render(plan(), Page{}); }
  std::vector<std::string> titles() const {
    std::vector<std::string> all;
    for (const auto& action : plan().actions) all.push_back(action.work.verb + " " + action.title);
    return all;
  }

  Desired desired;
  Observation seen;
  Memory memory;
};

TEST_F(TakeOverTest, NothingIsDoneAndItSaysWhatCountsAsKnown) {
  EXPECT_EQ(shown(),
            "portfolio/production  v1.2.2   config 5d0e9b1 \"portfolio as it runs today\"\n\n"
            "  taken over: 3 containers, 4 images (2 of them v1.2.1, for a rollback), current_tag, "
            "prev_tag\n\n"
            "No changes. No container needs a restart.\n");
}

TEST_F(TakeOverTest, WhatIsWrittenDownMakesTheNextLookAnOrdinaryOne) {
  const auto found = find_taken_over(desired, seen, memory);
  ASSERT_TRUE(found);
  memory = with_taken_over(memory, desired, *found, {});
  EXPECT_EQ(memory.previous->tag, "v1.2.1");
  EXPECT_EQ(memory.once.at("portfolio/production/release@v1.2.2"), Fate::succeeded);
  EXPECT_FALSE(find_taken_over(desired, seen, memory));
  without("prev_tag");
  EXPECT_EQ(shown(),
            "portfolio/production  v1.2.2   config 5d0e9b1 \"portfolio as it runs today\"\n\n"
            "No changes.\n");
}

TEST_F(TakeOverTest, AsManyOlderVersionsAsAreKeptAndTheNewestOfThem) {
  for (const char* tag : {"v1.10.0", "v1.9.0", "v1.2.0"})
    image(std::string("portfolio-backend:") + tag, tag);
  desired.keep = 2;
  const auto found = find_taken_over(desired, seen, memory);
  std::vector<std::string> tags;
  for (const auto& [tag, artifacts] : found->versions) tags.push_back(tag);
  EXPECT_THAT(tags, ElementsAre("v1.9.0", "v1.10.0", "v1.2.1", "v1.2.2"));
  EXPECT_EQ(found->words,
            "3 containers, 6 images (2 of them v1.2.1, for a rollback; 1 of them v1.10.0, kept; "
            "1 of them v1.9.0, kept), current_tag, prev_tag");
}

TEST_F(TakeOverTest, WhatDiffersIsNamedAndTheReleaseIsNotRunAgain) {
  differ("backend");
  EXPECT_THAT(titles(), ElementsAre("switch backend", "verify services", "record v1.2.2"));
  EXPECT_THAT(shown(), testing::HasSubstr("environment DEBUG 1 -> 0"));
}

TEST_F(TakeOverTest, StateFilesThatNobodyWroteAreNoChange) {
  without("prev_tag");
  without("current_tag");
  state("current_tag", "");
  EXPECT_THAT(titles(), testing::IsEmpty());
  EXPECT_EQ(find_taken_over(desired, seen, memory)->words, "3 containers, 2 images");
}

TEST_F(TakeOverTest, AnotherTagIsADeployFromWhatRuns) {
  desired.tag = "v1.2.3";
  desired.steps[0].once_key = "portfolio/production/release@v1.2.3";
  for (const char* name : {"backend", "frontend"}) differ(name);
  without("current_tag");
  state("current_tag", "v1.2.2");
  EXPECT_THAT(titles(),
              ElementsAre("release release", "release static", "switch backend", "switch frontend",
                          "verify services", "record v1.2.3", "record current_tag v1.2.3"));
  EXPECT_EQ(plan().from, "v1.2.2");
}

TEST_F(TakeOverTest, WhereNothingShowsTheTagNobodyGuessesWhatWasReleased) {
  without("current_tag");
  for (const char* name : {"backend", "frontend"}) at(name).version = "";
  EXPECT_EQ(shown(),
            "portfolio/production  v1.2.2   config 5d0e9b1 \"portfolio as it runs today\"\n\n"
            "  Stalled/ReleaseOutcomeUnknown: portfolio/production was taken over, and nobody here "
            "knows whether release has run for v1.2.2\n"
            "  next  look, then: reconciler settle portfolio/production release "
            "succeeded|not-run\n\n"
            "Nothing was changed.\n");
  memory.once[desired.steps[0].once_key] = Fate::succeeded;
  EXPECT_THAT(titles(), testing::IsEmpty());
}

TEST_F(TakeOverTest, WhereAFileSaysGitsTagAndAnotherOneRunsNobodyGuessesEither) {
  differ("backend");
  at("backend").version = "v1.2.1";
  EXPECT_THAT(shown(), testing::HasSubstr("Stalled/ReleaseOutcomeUnknown"));
  memory.once[desired.steps[0].once_key] = Fate::succeeded;
  EXPECT_THAT(titles(),
              ElementsAre("release static", "switch backend", "verify services", "record v1.2.2"));
}

TEST_F(TakeOverTest, OurOwnAndWhatWasRecordedIsNotTakenOver) {
  for (auto& r : seen.resources) r.ours = true;
  EXPECT_FALSE(find_taken_over(desired, seen, memory)) << "a first deploy that was cut off";
  for (auto& r : seen.resources) r.ours = false;
  memory.unfinished = "digest of v1.2.2";
  EXPECT_FALSE(find_taken_over(desired, seen, memory)) << "one that failed";
  memory.unfinished.reset();
  memory.current = Release{"v1.2.2", "c2", "digest of v1.2.2", {}};
  EXPECT_FALSE(find_taken_over(desired, seen, memory));
}

}  // namespace
}  // namespace reconciler
