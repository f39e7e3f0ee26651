// Images that nobody counts on any more: which are offered to be removed, and how they go.
#include <gmock/gmock.h>

#include "plugins/docker/services/names.hpp"
#include "tests/unit/docker/services/replacement.hpp"

namespace reconciler::docker {
namespace {

using testing::Contains;
using testing::IsEmpty;

const ResourceId old_image{"compose", "image", "app:v0"};

class OutdatedImages : public Replacement {
 protected:
  OutdatedImages() {
    memory.outdated[old_image] = {"in", "keep is 0"};
    id = engine_.add_image("app:v0", labelled_with("in"));
    for (int round = 0; round < 5 && !plan().empty(); ++round) EXPECT_TRUE(apply());
  }
  static Json labelled_with(const std::string& inputs) {
    return JsonObject{{"Labels", JsonObject{{std::string(label::inputs), inputs}}}};
  }
  /// Somebody else's, not running.
  void use(const std::string& image) {
    simulation::SimulatedContainer one;
    one.id = "stranger";
    one.name = "stranger";
    one.state = "exited";
    one.body = JsonObject{{"Image", image}};
    one.image_id = id;
    engine_.containers[one.id] = one;
  }
  Resource seen() {
    for (const auto& r : look(memory).resources)
      if (r.id == old_image) return r;
    return {};
  }
  std::string perform(const Work& work) {
    const auto done = driver_->perform({"1", {"a", "p"}, "lineage", "", work}, {}, progress_, {});
    return done ? std::string(to_text(done->fate)) : render(done.error());
  }
  Texts tags() {
    Texts all;
    for (const auto& image : engine_.images)
      all.insert(all.end(), image.tags.begin(), image.tags.end());
    return all;
  }

  Memory memory;
  std::string id;
};

TEST_F(OutdatedImages, AreOfferedByName) {
  const Resource r = seen();
  EXPECT_EQ(r.desired, "");
  EXPECT_EQ(r.reason, "keep is 0");
  EXPECT_TRUE(r.ours && r.artifact);
  ASSERT_EQ(r.remedies.at(Aim::remove).size(), 1U);
  const Work& work = r.remedies.at(Aim::remove).front();
  EXPECT_EQ(work.phase, Phase::prune);
  EXPECT_EQ(work.calls, Texts{"DELETE /images app:v0"});
  ASSERT_TRUE(apply(memory));
  EXPECT_EQ(tags(), Texts{"img:v1"});
  EXPECT_TRUE(plan(memory).empty());
  EXPECT_EQ(perform(work), "succeeded") << "it is gone already";
}

TEST_F(OutdatedImages, WhatIsNotThereOrNotOursIsNotSeen) {
  engine_.images.back().config = labelled_with("of somebody");
  EXPECT_EQ(seen().id, ResourceId{});
  engine_.images.back().config = Json(JsonObject{});
  EXPECT_EQ(seen().id, ResourceId{});
  memory.outdated[old_image].inputs = "";  // it was pulled
  EXPECT_EQ(seen().id, old_image);
  engine_.images.pop_back();
  EXPECT_EQ(seen().id, ResourceId{});
}

TEST_F(OutdatedImages, WhatIsWantedIsNotSeen) {
  change = [](CompiledModel& model) {
    model.images.push_back({.reference = "docker.io/library/app:v0",
                            .services = {"task"},
                            .build_service = "",
                            .inputs = "",
                            .pull_policy = "",
                            .platform = ""});
  };
  want("1");
  EXPECT_TRUE(plan(memory).empty());
}

TEST_F(OutdatedImages, WhatAContainerOfAnybodyUsesStays) {
  use("app:v0");
  EXPECT_EQ(seen().state, "used by stranger");
  EXPECT_THAT(seen().remedies, IsEmpty());
  EXPECT_TRUE(plan(memory).empty());
  // By its ID, where that is the image's last name.
  engine_.containers.at("stranger").body = JsonObject{{"Image", id}};
  EXPECT_THAT(seen().remedies, IsEmpty());
  engine_.images.back().tags.push_back("app:kept");
  ASSERT_TRUE(apply(memory));
  EXPECT_THAT(tags(), Contains("app:kept"));
}

TEST_F(OutdatedImages, WhatGoesWithTheSamePlanDoesNotCount) {
  engine_.named("a-web-1")->body.as_object()["Image"] = "app:v0";
  engine_.named("a-web-1")->image_id = id;
  ASSERT_EQ(seen().remedies.at(Aim::remove).size(), 1U);
  EXPECT_THAT(seen().remedies.at(Aim::remove).front().needs,
              Contains(ResourceId{"compose", "container", "a-web-1.prev"}));
  auto works = plan(memory);
  // As the planner orders them: what it needs goes first.
  const auto image = std::ranges::find_if(
      works, [](const Work& work) { return work.targets.front() == old_image; });
  const Work last = *image;
  works.erase(image);
  works.push_back(last);
  for (const auto& work : works) EXPECT_EQ(perform(work), "succeeded");
  EXPECT_EQ(tags(), Texts{"img:v1"});
  EXPECT_TRUE(plan(memory).empty());
}

TEST_F(OutdatedImages, WhatCameToBeUsedMeanwhileStays) {
  const Work work = plan(memory).at(0);
  use("app:v0");
  EXPECT_EQ(perform(work),
            "error image.in_use: app:v0 is not removed: stranger uses it\n"
            "  next  plan again\n");
  EXPECT_THAT(tags(), Contains("app:v0"));
}

TEST_F(OutdatedImages, WhatIsAnotherImageMeanwhileStays) {
  const Work work = plan(memory).at(0);
  engine_.add_image("app:v0", labelled_with("in"));
  EXPECT_EQ(perform(work),
            "error plan.stale: app:v0 is not the image that it was when the plan was made\n"
            "  next  plan again\n");
  EXPECT_THAT(tags(), Contains("app:v0"));
}

TEST_F(OutdatedImages, TheEngineIsAskedForNothingWhereThereIsNone) {
  memory.outdated.clear();
  const auto reads = [&] {
    const int before = engine_.reads;
    (void)look(memory);
    return engine_.reads - before;
  };
  (void)reads();  // what it learns of images it keeps
  const int without = reads();
  memory.outdated[{"compose", "image", "app:gone"}] = {"in", "keep is 0"};
  EXPECT_EQ(reads(), without);
  memory.outdated[old_image] = {"in", "keep is 0"};
  EXPECT_EQ(reads(), without + 1);
}

}  // namespace
}  // namespace reconciler::docker
