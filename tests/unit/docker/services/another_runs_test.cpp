// Two containers of one service: none is started while another one runs that has no role.
#include <gmock/gmock.h>

#include "reconciler/driver/restarts.hpp"
#include "tests/unit/docker/services/go_back.hpp"

namespace reconciler::docker {
namespace {

using simulation::SimulatedContainer;
using testing::HasSubstr;

class AnotherRuns : public GoBack {
 protected:
  /// Compose 1 made it, while ours was there.
  SimulatedContainer& theirs(const std::string& state = "running") {
    SimulatedContainer one = *engine_.named("a-web-1");
    one.id = std::string(64, 'd');
    one.name = "a_web_1";
    one.state = state;
    auto& labels = one.body.as_object()["Labels"].as_object();
    labels["com.docker.compose.version"] = "1.29.2";
    for (const char* ours : {"reconciler.environment", "reconciler.lineage", "reconciler.attempt"})
      labels.erase(ours);
    return engine_.containers[std::string(64, 'd')] = one;
  }
  /// Why nothing is planned; empty: something may be.
  std::string refusal() {
    const auto seen = driver_->observe(
        {"a", "p"}, JsonObject{{"model", compiler_.model.key}, {"lineages", JsonArray{"lineage"}}},
        memory, {}, Deadline(clock_, std::chrono::seconds(1)));
    return seen ? "" : render(seen.error());
  }
  std::string state_of_web(const std::string& state) {
    auto& ours = *engine_.named("a-web-1");
    ours.state = state;
    if (state == "created") ours.started = 0;
    return refusal();
  }
};

TEST_F(AnotherRuns, NoneIsStartedBesideIt) {
  ASSERT_TRUE(apply());
  theirs();
  for (const std::string state : {"created", "exited", "paused"}) {
    const auto said = state_of_web(state);
    EXPECT_THAT(said, HasSubstr("service.another_runs")) << state;
    EXPECT_THAT(said, HasSubstr("container a_web_1 runs as service web beside a-web-1")) << state;
    EXPECT_THAT(said, HasSubstr("docker stop a_web_1")) << state;
  }
}

TEST_F(AnotherRuns, NoVersionIsPutInPlaceOfOneThatRunsBesideIt) {
  ASSERT_TRUE(apply());
  for (const std::string state : {"running", "paused", "restarting"}) {
    theirs(state);
    want("1");
    EXPECT_EQ(refusal(), "") << "as it is wanted, and it runs: " << state;
    want("2");
    EXPECT_THAT(refusal(), HasSubstr("container a_web_1 runs as service web")) << state;
  }
}

TEST_F(AnotherRuns, NoneIsMadeWhereTwoOthersAreAndOneRuns) {
  ASSERT_TRUE(apply());
  theirs();
  engine_.named("a-web-1")->name = "a-web-1-by-hand";
  EXPECT_THAT(refusal(), HasSubstr("container a-web-1-by-hand runs as service web beside a-web-1"));
}

TEST_F(AnotherRuns, OneThatIsStoppedIsInNobodysWay) {
  ASSERT_TRUE(apply());
  theirs("exited");
  want("2");
  EXPECT_TRUE(apply());
  EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a-web-1:running", "a_web_1:exited"}));
}

TEST_F(AnotherRuns, OneThatCameSinceThePlanIsNotStartedBeside) {
  ASSERT_TRUE(apply());
  want("2");
  const auto works = plan();
  ASSERT_FALSE(works.empty());
  theirs();
  engine_.changes.clear();
  const Attempt attempt{std::to_string(++serial_), {"a", "p"}, "lineage", "", works.front()};
  const auto done = driver_->perform(attempt, {}, progress_, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "plan.stale");
  EXPECT_EQ(engine_.changes, Texts{});
}

TEST_F(AnotherRuns, NorIsOneStartedAnewWhereAPersonAsksForIt) {
  ASSERT_TRUE(apply());
  const auto restart = [&] {
    return dynamic_cast<Restarts&>(*driver_).restart(
        {"a", "p"}, JsonObject{{"model", compiler_.model.key}}, memory, {"web"},
        Deadline(clock_, std::chrono::seconds(1)));
  };
  EXPECT_TRUE(restart());
  theirs();
  const auto refused = restart();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "service.another_runs");
}

}  // namespace
}  // namespace reconciler::docker
