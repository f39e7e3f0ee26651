// The images of what is gone back to: by what was recorded of them, not by what their names stand
// for now.
#include <gmock/gmock.h>

#include "tests/unit/docker/services/go_back.hpp"

namespace reconciler::docker {
namespace {

TEST_F(GoBack, ItsImageIsTheOneThatWasRecordedWhateverTheNameStandsForNow) {
  deploy("1");
  keep();
  const auto recorded = engine_.named("a-web-1")->image_id;
  engine_.images.front().tags.clear();
  const auto other = engine_.add_image("img:v1", JsonObject{{"Env", JsonArray{Json("I=other")}}});
  ASSERT_NE(other, recorded);
  auto prepared = restored(true);
  ASSERT_TRUE(prepared) << render(prepared.error());
  EXPECT_TRUE(plan_of(prepared->wanted).empty()) << "who runs it runs it";
  engine_.containers.erase(engine_.named("a-web-1")->id);
  const auto works = plan_of(prepared->wanted);
  ASSERT_FALSE(works.empty());
  EXPECT_EQ(works[0].calls, Texts{"POST /images/tag " + recorded + " img:v1"});
}

TEST_F(GoBack, ADigestThatWasTakenAwayIsNoTagThatCanBePutBack) {
  const std::string by_digest = "img@sha256:" + std::string(64, 'd');
  engine_.images.front().tags.push_back(by_digest);
  change = [&](CompiledModel& model) {
    model.images.push_back(model.images[0]);
    model.images[0].services = {"db"};
    model.images[1].services = {"web"};
    model.images[1].reference = by_digest;
    model.containers[1].config.as_object()["Image"] = by_digest;
  };
  deploy("1");
  keep();
  std::erase(engine_.images.front().tags, by_digest);
  auto prepared = restored();
  ASSERT_TRUE(prepared) << render(prepared.error());
  EXPECT_TRUE(plan_of(prepared->wanted).empty()) << "who runs it runs it";
  engine_.containers.erase(engine_.named("a-web-1")->id);
  const auto seen = driver_->observe({"a", "p"}, prepared->wanted, memory, {},
                                     Deadline(clock_, std::chrono::seconds(1)));
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().code, "image.gone");
}

TEST_F(GoBack, AnImageThatIsGoneIsSaidBeforeAnythingBegins) {
  deploy("1");
  keep();
  engine_.images.clear();
  const auto prepared = restored(true);
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().code, "image.gone");
}

TEST_F(GoBack, AnImageOfATaskAloneIsMissedWhenTheTaskIsRun) {
  change = [](CompiledModel& model) {
    model.images[0].services = {"db", "web"};
    model.images.push_back(model.images[0]);
    model.images[1].reference = "task:v1";
    model.images[1].services = {"warm"};
    model.tasks["warm"] = container("warm", "task:v1", "1");
  };
  engine_.add_image("task:v1", JsonObject{});
  deploy("1");
  keep();
  std::erase_if(engine_.images, [](const auto& image) {
    return image.tags == std::vector<std::string>{"task:v1"};
  });
  auto prepared = restored();
  ASSERT_TRUE(prepared) << render(prepared.error());
  EXPECT_TRUE(plan_of(prepared->wanted).empty());
  Work work;
  work.phase = Phase::release;
  work.verb = "release";
  work.input = JsonObject{{"kind", "run"}, {"service", "warm"}, {"model", "kept-key1"}};
  const auto done = driver_->perform({"99", {"a", "p"}, "lineage", "", work}, {}, progress_, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "image.gone");
}

}  // namespace
}  // namespace reconciler::docker
