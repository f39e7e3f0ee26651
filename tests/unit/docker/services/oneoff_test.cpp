// What is believed of a one-off that was cut off, by what the Engine says of its container.
#include "plugins/docker/tasks/oneoff.hpp"

#include <gtest/gtest.h>

#include "plugins/docker/services/names.hpp"
#include "tests/unit/docker/services/replacement.hpp"

namespace reconciler::docker {
namespace {

class OneOff : public Replacement {
 protected:
  void SetUp() override {
    start_engine();
    change = [](CompiledModel& model) {
      Container release = container("release", "img:v1", "1");
      release.endpoints.clear();
      model.tasks["release"] = release;
    };
    want("1");
    attempt.work.verb = "run";
    attempt.work.phase = Phase::release;
    attempt.work.effect = Effect::once;
    attempt.work.targets = {{"compose", "task", "release"}};
    attempt.work.input =
        JsonObject{{"kind", "run"}, {"service", "release"}, {"model", compiler_.model.key}};
  }
  /// Each start makes the bridge anew.
  void start_engine() {
    engine_.revive();
    engine_.networks["bridge"] =
        JsonObject{{"Name", "bridge"}, {"Id", "bridge " + std::to_string(++starts_)}};
  }
  /// It was made, and its start was asked for: the Engine died there.
  void cut_off_at_its_start() {
    engine_.die_at(1, false);
    const auto done = driver_->perform(attempt, {}, begun, {});
    ASSERT_FALSE(done);
    ASSERT_EQ(done.error().code, "docker.unreachable");
    ASSERT_EQ(begun.times, 1);
    ASSERT_EQ(made().state, "created");
  }
  simulation::SimulatedContainer& made() { return engine_.containers.begin()->second; }
  void ended(std::int64_t code, std::int64_t at) {
    made().state = "exited";
    made().exit_code = code;
    made().started = 1;
    made().finished = at;
  }
  Outcome found() {
    auto outcome = driver_->recover(attempt, {}, begun, {});
    EXPECT_TRUE(outcome) << (outcome ? "" : render(outcome.error()));
    return outcome ? std::move(*outcome) : Outcome{};
  }

  struct Begun final : Progress {
    void line(std::string_view) override {}
    Status begun() override {
      ++times;
      return {};
    }
    int times = 0;
  } begun;
  Attempt attempt{"7", {"a", "p"}, "lineage", "a/p/release@v1", {}};

 private:
  int starts_ = 0;
};

TEST_F(OneOff, CreatedUnderThisEngineItWasNeverStarted) {
  cut_off_at_its_start();
  engine_.revive();
  const auto outcome = found();
  EXPECT_EQ(outcome.fate, Fate::not_started);
  EXPECT_TRUE(truth_at(outcome.evidence, "found"));
  EXPECT_TRUE(engine_.containers.empty());
}

TEST_F(OneOff, CreatedUnderAnotherEngineItMayHaveRun) {
  cut_off_at_its_start();
  start_engine();
  const auto outcome = found();
  EXPECT_EQ(outcome.fate, Fate::not_started) << "which is right where it was not begun";
  EXPECT_FALSE(truth_at(outcome.evidence, "found"));
  EXPECT_FALSE(text_at(outcome.evidence, "detail").empty());
  EXPECT_FALSE(engine_.containers.empty()) << "what is there to be looked at stays";
}

TEST_F(OneOff, ItsOwnExitCodeOutlivesTheEngine) {
  cut_off_at_its_start();
  ended(0, engine_.now);
  start_engine();
  EXPECT_EQ(found().fate, Fate::succeeded);
}

TEST_F(OneOff, ACodeThatNobodyWroteDownIsNone) {
  cut_off_at_its_start();
  ended(0, 0);
  engine_.revive();
  EXPECT_EQ(found().fate, Fate::succeeded) << "of an Engine that saw it end";
  start_engine();
  EXPECT_EQ(found().fate, Fate::unknown);
  ended(3, 0);
  EXPECT_EQ(found().fate, Fate::unknown);
}

}  // namespace
}  // namespace reconciler::docker
