// `keep`: what is counted on once the wanted version is recorded, and what goes.
#include "reconciler/plan/retention.hpp"

#include <gmock/gmock.h>

#include "reconciler/plan/planner.hpp"
#include "reconciler/plan/render.hpp"
#include "tests/unit/plan/seen.hpp"

namespace reconciler {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

WallTime second(int n) {
  return WallTime(std::chrono::seconds(n));
}
Artifacts became(const std::string& tag) {
  return {{image("backend:" + tag), "inputs of " + tag}};
}

/// An environment that had these versions, newest first, each an image.
Memory had(const std::vector<std::string>& tags) {
  Memory memory;
  int at = 1000;
  for (const auto& tag : tags) {
    at -= 10;
    memory.versions.push_back({{"portfolio", "production"}, tag, "", second(at), {}, became(tag)});
  }
  memory.kept = true;
  memory.lineage = "lineage";
  memory.current = Release{tags.at(0), "", "", second(990)};
  memory.changed_to = tags.at(0) + "@";
  if (tags.size() > 1) memory.previous = Release{tags.at(1), "", "", second(980)};
  return memory;
}

Desired keeps(const std::string& tag, std::optional<int> keep) {
  Desired desired;
  desired.id = {"portfolio", "production"};
  desired.tag = tag;
  desired.config_subject = "subject";
  desired.keep = keep;
  return desired;
}

std::vector<std::string> gone(const Retention& retention) {
  std::vector<std::string> names;
  for (const auto& [id, how] : retention.artifacts) names.push_back(id.name + ", " + how.reason);
  return names;
}

TEST(Retention, ReckonsWithWhatIsAfterTheRecord) {
  const Memory memory = had({"v1.2.2", "v1.2.1"});
  EXPECT_THAT(gone(retention(keeps("v1.2.3", 0), memory)),
              ElementsAre("backend:v1.2.1, keep is 0"));
  EXPECT_THAT(gone(retention(keeps("v1.2.2", 0), memory)), IsEmpty());
}

TEST(Retention, KeepsAsManyTagsAsItIsTold) {
  const Memory memory = had({"v6", "v5", "v4", "v3", "v2"});
  EXPECT_THAT(gone(retention(keeps("v6", 1), memory)),
              ElementsAre("backend:v2, keep is 1", "backend:v3, keep is 1"));
  EXPECT_THAT(
      gone(retention(keeps("v7", 1), memory)),
      ElementsAre("backend:v2, keep is 1", "backend:v3, keep is 1", "backend:v4, keep is 1"));
  EXPECT_THAT(gone(retention(keeps("v7", 3), memory)), ElementsAre("backend:v2, keep is 3"));
  EXPECT_THAT(gone(retention(keeps("v7", {}), memory)), IsEmpty());
}

TEST(Retention, AVersionThatNothingIsLeftOfTakesNoPlace) {
  Memory memory = had({"v6", "v5", "v4", "v3", "v2"});
  memory.versions[2].artifacts.clear();
  EXPECT_THAT(gone(retention(keeps("v6", 1), memory)), ElementsAre("backend:v2, keep is 1"));
}

TEST(Retention, ATagThatWasWellTwiceCountsOnce) {
  const Memory memory = had({"v3", "v2", "v3", "v2", "v1"});
  EXPECT_THAT(gone(retention(keeps("v3", 1), memory)), IsEmpty());
  EXPECT_THAT(gone(retention(keeps("v3", 0), memory)), ElementsAre("backend:v1, keep is 0"));
}

TEST(Retention, GoingBackToAnOldVersionKeepsItAndWhatItCameFrom) {
  const Memory memory = had({"v3", "v2", "v1"});
  EXPECT_THAT(gone(retention(keeps("v1", 0), memory)), ElementsAre("backend:v2, keep is 0"));
}

TEST(Retention, WhatWasRejectedStaysAsLongAsItIs) {
  Memory memory = had({"v2", "v1"});
  memory.tried = {{"v3", second(995), became("v3")}};
  memory.target = Target{"v2", "rejected", "v3", "VerifyFailed", "why", 1, second(996)};
  EXPECT_THAT(gone(retention(keeps("v2", 0), memory)), IsEmpty());
  // Git asks for another one: it is rejected no more, and was never recorded.
  memory.target.reset();
  EXPECT_THAT(gone(retention(keeps("v4", 3), memory)),
              ElementsAre("backend:v3, v3 was never recorded"));
}

TEST(Retention, WhatMayBeUnderWayStays) {
  Memory memory = had({"v2", "v1"});
  memory.tried = {{"v3", second(995), became("v3")}, {"v0", second(900), became("v0")}};
  EXPECT_THAT(gone(retention(keeps("v2", 0), memory)),
              ElementsAre("backend:v0, v0 was never recorded"));
}

TEST(Retention, WhatAnotherVersionBecameTooStays) {
  Memory memory = had({"v3", "v2", "v1"});
  const ResourceId shared = image("worker:latest");
  for (auto& version : memory.versions) version.artifacts[shared] = "inputs";
  const auto let_go = retention(keeps("v3", 0), memory);
  EXPECT_THAT(gone(let_go), ElementsAre("backend:v1, keep is 0"));
  EXPECT_THAT(let_go.tags, ElementsAre("v1"));
}

Resource on_the_host(const std::string& name) {
  Resource r;
  r.id = image(name);
  r.observed = "id";
  r.ours = r.artifact = true;
  r.reason = "keep is 0";
  r.differences = {{"image", "id", "removed"}};
  Work work;
  work.phase = Phase::prune;
  work.verb = "prune";
  work.targets = {r.id};
  work.calls = {"DELETE /images " + name};
  r.remedies[Aim::remove] = {std::move(work)};
  return r;
}

Resource wanted_image(const std::string& name, const std::string& inputs) {
  Resource r;
  r.id = image(name);
  r.desired = r.observed = "as it should be";
  r.artifact = r.ours = true;
  r.inputs = inputs;
  return r;
}

Resource kept_container() {
  Resource r = on_the_host("");
  r.id = {"compose", "container", "zoo-1.prev"};
  r.artifact = false;
  r.reason = "replaced by a container that is well";
  auto& work = r.remedies[Aim::remove].front();
  work.targets = {r.id};
  work.calls = {"DELETE /containers zoo-1.prev"};
  return r;
}

TEST(Retention, IsTheLastRowsOfThePlan) {
  Observation seen;
  seen.resources = {on_the_host("backend:v1"), on_the_host("aardvark:v1"), kept_container()};
  const Plan plan = make_plan(keeps("v3", 0), seen, had({"v2", "v1"}), {});
  EXPECT_EQ(render(plan, Page{}),
            "portfolio/production  v2 -> v3   config  \"subject\"\n"
            "\n"
            "  = record   v3\n"
            "  - prune    zoo-1.prev                replaced by a container that is well\n"
            "  - prune    aardvark:v1, backend:v1   keep is 0\n"
            "\n"
            "Plan " +
                plan.id.substr(0, 6) + ": 1 container to prune, 2 images to prune.\n");
}

TEST(Retention, NothingGoesWhileSomethingIsOnlyReported) {
  Desired desired = keeps("v3", 0);
  desired.heal = false;
  desired.digest = "digest";
  Memory memory = had({"v3", "v2", "v1"});
  memory.current->digest = desired.digest;
  Observation seen;
  seen.resources = {on_the_host("backend:v1")};
  EXPECT_EQ(make_plan(desired, seen, memory, {}).actions.size(), 1U);
  // By hand somebody lets it run another version than is wanted.
  Resource drifted;
  drifted.id = {"compose", "service", "backend"};
  drifted.desired = "as it should be";
  drifted.observed = "other";
  drifted.differences = {{"image", "backend:v1", "backend:v3"}};
  Work work;
  work.verb = "switch";
  work.targets = {drifted.id};
  drifted.remedies[Aim::match] = {work};
  seen.resources.push_back(drifted);
  const Plan plan = make_plan(desired, seen, memory, {});
  EXPECT_EQ(plan.reported.size(), 1U);
  EXPECT_THAT(plan.actions, IsEmpty());
}

TEST(Retention, WhatIsStillThereStaysRemembered) {
  Memory memory = had({"v3", "v2", "v1", "v0"});
  memory.versions[2].artifacts[image("frontend:v1")] = "";
  // Of these, one is to be removed, one is used by a container of somebody else's.
  Observation seen;
  seen.resources = {on_the_host("backend:v1"), on_the_host("backend:v0")};
  seen.resources[1].remedies.clear();
  const Plan plan = make_plan(keeps("v3", 0), seen, memory, {});
  EXPECT_THAT(plan.released, UnorderedElementsAre(Pair("v1", image("frontend:v1"))));
  ASSERT_EQ(plan.actions.size(), 1U);
  EXPECT_EQ(plan.actions[0].title, "backend:v1");
  EXPECT_TRUE(plan.actions[0].artifact);
}

TEST(SharedImage, OneNameMadeFromOtherInputsIsRefused) {
  Observation seen;
  seen.resources = {wanted_image("registry:5000/frontend:v3", "mine")};
  Memory memory = had({"v2", "v1"});
  memory.claims[image("registry:5000/frontend:v3")] = {{{"portfolio", "stage"}, "theirs"}};
  const Plan plan = make_plan(keeps("v3", 0), seen, memory, {});
  EXPECT_EQ(
      render(plan, Page{}),
      "portfolio/production  v2 -> v3   config  \"subject\"\n"
      "\n"
      "  Stalled/ImageShared: portfolio/production wants registry:5000/frontend:v3 built from "
      "other inputs than portfolio/stage, which counts on it, and on one host a name stands "
      "for one image\n"
      "  next  name them apart in the compose file, `image: "
      "registry:5000/frontend-${ENVIRONMENT}:${TAG}`, or give one of the two another tag; or, "
      "where "
      "portfolio/stage is not to be any more: reconciler remove portfolio/stage\n"
      "\n"
      "Nothing was changed.\n");
}

TEST(SharedImage, TheSameInputsAndPulledOnesAreShared) {
  Observation seen;
  seen.resources = {wanted_image("frontend:v3", "same"), wanted_image("pulled:v3", "")};
  Memory memory = had({"v2", "v1"});
  memory.claims[image("frontend:v3")] = {{{"portfolio", "stage"}, "same"}};
  memory.claims[image("pulled:v3")] = {{{"portfolio", "stage"}, ""}};
  const Plan plan = make_plan(keeps("v3", 0), seen, memory, {});
  EXPECT_FALSE(plan.stalled);
  EXPECT_THAT(plan.artifacts, UnorderedElementsAre(Pair(image("frontend:v3"), "same"),
                                                   Pair(image("pulled:v3"), "")));
}

TEST(SharedImage, TheWayBackIsNotRefused) {
  Observation seen;
  seen.resources = {wanted_image("frontend:v2", "mine")};
  Memory memory = had({"v2", "v1"});
  memory.target = Target{"v2", "rejected", "v3", "VerifyFailed", "why", 1, second(996)};
  memory.claims[image("frontend:v2")] = {{{"portfolio", "stage"}, "theirs"}};
  EXPECT_FALSE(make_plan(keeps("v2", 0), seen, memory, {}).stalled);
}

}  // namespace
}  // namespace reconciler
