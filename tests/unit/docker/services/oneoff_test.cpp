// What is believed of a one-off that was cut off, by what the Engine says of its container.
#include "plugins/docker/tasks/oneoff.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "plugins/docker/services/git_object.hpp"
#include "plugins/docker/services/names.hpp"
#include "plugins/docker/tasks/task.hpp"
#include "reconciler/base/digest.hpp"
#include "reconciler/base/filesystem.hpp"
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

TEST_F(OneOff, AnImageThatIsTakenAwayJustThenIsMissing) {
  engine_.before = [this](const std::string&) { engine_.images.clear(); };
  const auto done = driver_->perform(attempt, {}, begun, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "image.missing");
  EXPECT_EQ(done.error().lasting, Lasting::transient);
  EXPECT_EQ(begun.times, 0);
}

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

/// What a task mounts of the tree, and who else does.
class MountedByATask : public OneOff {
 protected:
  void SetUp() override {
    OneOff::SetUp();
    ASSERT_TRUE(make_folders(folder + "/objects", 0700));
    write(folder + "/as-committed", "as committed\n");
    const auto name = folder + "/objects/" + *git_object_id(folder + "/as-committed");
    alone = name + "+x";
    shared = name;
    change = [this](CompiledModel& model) {
      Container release = container("release", "img:v1", "1");
      release.endpoints.clear();
      mount(release, {shared + ":/shared:ro", alone + ":/alone:ro"});
      model.tasks["release"] = release;
      mount(model.containers[1], {shared + ":/shared:ro"});
    };
    want("1");
  }
  void TearDown() override { (void)remove_tree(folder); }
  static void write(const std::string& path, const std::string& text) {
    ASSERT_TRUE(replace_file(path, text, 0755));
  }
  static void mount(Container& on, const Texts& binds) {
    on.config.as_object()["HostConfig"].as_object()["Binds"] = reconciler::to_json(binds);
  }
  /// A container of the service `web`.
  void runs_with(const std::string& path) {
    auto& web = engine_.containers["web"];
    web.id = "web";
    web.name = "a-web-1";
    web.state = "running";
    web.body = JsonObject{{"Labels", JsonObject{{std::string(label::environment), "a/p"},
                                                {std::string(label::service), "web"}}},
                          {"HostConfig", JsonObject{{"Binds", JsonArray{Json(path + ":/x:ro")}}}}};
  }
  /// What was made anew before the task was made, while these were as somebody had left them; or
  /// why nothing was, as an error's code.
  Texts made_anew(Phase phase) {
    Texts all;
    Grounds grounds;
    const auto before = engine_.containers;
    grounds.restore_objects = [&](const Texts& paths) -> Status {
      EXPECT_EQ(engine_.containers.size(), before.size());
      all = paths;
      return failure(error("test.enough", "seen"));
    };
    attempt.work.phase = phase;
    attempt.work.input.as_object()["volumes"] = true;
    Context context{engine_, compiler_, clock_, installation_key, {}, {}};
    Task task(context, attempt, {}, begun);
    const auto done = task.create(compiler_.model, "release", grounds);
    engine_.containers = before;
    if (!done && done.error().code == "object.harmed") {
      EXPECT_EQ(done.error().lasting, Lasting::transient);
      hint = done.error().hint;
      return {done.error().code};
    }
    EXPECT_EQ(done ? "made" : done.error().code, all.empty() ? "made" : "test.enough");
    std::ranges::sort(all);
    return all;
  }

  std::string folder = "/dev/shm/reconciler-task-" + to_hex(random_bytes(8));
  std::string alone;
  std::string shared;
  std::string hint;  ///< of what was refused last
};

TEST_F(MountedByATask, IsMadeAnewWhereItIsNotAsCommitted) {
  write(shared, "as committed\n");
  write(alone, "as committed\n");
  EXPECT_EQ(made_anew(Phase::release), Texts{});
  write(alone, "as edited\n");
  EXPECT_EQ(made_anew(Phase::release), Texts{alone});
  ASSERT_TRUE(remove_tree(alone));
  EXPECT_EQ(made_anew(Phase::release), Texts{alone});
  ASSERT_TRUE(make_folders(alone, 0755));  // as the Engine makes one that is gone
  EXPECT_EQ(made_anew(Phase::release), Texts{alone});
}

TEST_F(MountedByATask, NothingIsMadeAnewUnderWhoRunsWithIt) {
  write(shared, "as edited\n");
  write(alone, "as edited\n");
  EXPECT_EQ(made_anew(Phase::release), (Texts{shared, alone})) << "nobody runs with it";
  runs_with(shared);
  EXPECT_EQ(made_anew(Phase::preflight), Texts{alone}) << "who only asks takes it as it is";
  EXPECT_EQ(made_anew(Phase::verify), Texts{alone});
  for (const auto phase : {Phase::release, Phase::after}) {
    EXPECT_EQ(made_anew(phase), Texts{"object.harmed"});
    EXPECT_THAT(hint, testing::HasSubstr("reconciler restart a/p web makes it anew"));
  }
}

}  // namespace
}  // namespace reconciler::docker
