// What environments of a host share: claimed before it is supplied, locked each by itself, removed
// only while nobody else counts on it.
#include <gmock/gmock.h>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/ledger/locks.hpp"
#include "tests/simulation/world.hpp"

namespace reconciler::simulation {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const EnvironmentId stage{"app", "stage"};
const ResourceId backend{"images", "image", "backend:v1"};
const ResourceId frontend{"images", "image", "frontend:v1"};

class Images final : public Driver {
 public:
  explicit Images(std::vector<std::string>& done) : done_(done) {}
  Description describe() const override { return {"images", {}, {}, {}, {}}; }
  Result<Prepared> prepare(const Request&, const Variables&, Deadline) override {
    return Prepared{};
  }
  Result<Observation> observe(const EnvironmentId&, const Json&, const Memory&, const Variables&,
                              Deadline) override {
    return Observation{};
  }
  Result<Outcome> perform(const Attempt& attempt, const Variables&, Progress&,
                          std::stop_token) override {
    done_.push_back(attempt.work.verb + " " + attempt.work.targets.at(0).name);
    return Outcome{Fate::succeeded, {}};
  }
  Result<Outcome> recover(const Attempt&, const Variables&, Progress&, std::stop_token) override {
    return Outcome{};
  }
  std::vector<Finding> check(Deadline) override { return {}; }

 private:
  std::vector<std::string>& done_;
};

class Told final : public Events {
 public:
  void started(const Action&) override {}
  void line(const Action&, std::string_view) override {}
  void finished(const Action& action, Duration, std::string_view detail) override {
    all.push_back(action.title + ": " + std::string(detail));
  }
  void failed(const Action&, Duration, std::string_view, const std::vector<std::string>&) override {
  }
  std::vector<std::string> all;
};

class ArtifactsOfARun : public testing::Test {
 protected:
  ArtifactsOfARun() { EXPECT_TRUE(world.drivers.add(std::make_unique<Images>(done))); }
  void TearDown() override { (void)remove_tree(folder); }

  static Action action(Phase phase, const std::string& verb, const ResourceId& artifact) {
    Action one;
    one.work.phase = phase;
    one.work.verb = verb;
    one.work.targets = {artifact};
    one.title = artifact.name;
    one.artifact = true;
    return one;
  }
  /// What it ended with; empty: it went well.
  std::string apply(Plan plan) {
    plan.environment = world.id;
    plan.to = "v1";
    Executor executor({world.drivers, *world.ledger, world.clock, told, folder});
    const auto applied = executor.apply(plan, world.desired(), {}, "test", {});
    if (!applied) return render(applied.error());
    return applied->why ? applied->why->code + ": " + applied->why->message : "";
  }
  std::string apply(const Action& one) {
    Plan plan;
    plan.actions = {one};
    return apply(plan);
  }

  std::string folder = "/dev/shm/reconciler-artifacts-" + to_hex(random_bytes(8));
  std::vector<std::string> done;
  World world{folder};
  Told told;
};

TEST_F(ArtifactsOfARun, OneThatIsBeingSuppliedHoldsUpNobodyElse) {
  const auto hangs = lock_artifact(folder, backend, {world.clock});
  ASSERT_TRUE(hangs);
  const Instant before = world.clock.now();
  EXPECT_EQ(apply(action(Phase::supply, "build", frontend)), "");
  EXPECT_EQ(world.clock.now(), before) << "it waited";
  // Who wants the same waits for it, and so does who wants it gone.
  EXPECT_EQ(apply(action(Phase::supply, "build", backend)),
            "lock.held: another run holds backend:v1");
  EXPECT_EQ(apply(action(Phase::prune, "prune", backend)),
            "prune.failed: v1 runs; what it does not need any more is not all removed: lock.held: "
            "another run holds backend:v1");
  EXPECT_THAT(done, ElementsAre("build frontend:v1"));
}

TEST_F(ArtifactsOfARun, AreClaimedBeforeTheyAreSupplied) {
  ASSERT_TRUE(world.ledger->claim(stage, "v1", {{backend, "theirs"}}));
  Plan plan;
  plan.actions = {action(Phase::supply, "build", backend)};
  plan.artifacts = {{backend, "mine"}};
  EXPECT_EQ(apply(plan),
            "image.shared: app/production wants backend:v1 built from other inputs than app/stage, "
            "which counts on it, and on one host a name stands for one image");
  EXPECT_THAT(done, IsEmpty());
  plan.artifacts = {{backend, "theirs"}};
  EXPECT_EQ(apply(plan), "");
  EXPECT_EQ(world.ledger->claims(stage, {backend})->at(backend).front().id, world.id);
}

TEST_F(ArtifactsOfARun, WhatIsGoneIsForgotten) {
  ASSERT_TRUE(world.ledger->claim(world.id, "v0", {{backend, "in"}, {frontend, "in"}}));
  EXPECT_EQ(apply(action(Phase::prune, "prune", backend)), "");
  EXPECT_THAT(done, ElementsAre("prune backend:v1"));
  const auto left = world.ledger->memory(world.id)->tried.at(0).artifacts;
  EXPECT_THAT(left, ElementsAre(testing::Pair(frontend, "in")));
}

TEST_F(ArtifactsOfARun, WhatAnotherCameToCountOnStays) {
  ASSERT_TRUE(world.ledger->claim(world.id, "v0", {{backend, "in"}}));
  ASSERT_TRUE(world.ledger->claim(stage, "v1", {{backend, "in"}}));
  EXPECT_EQ(apply(action(Phase::prune, "prune", backend)), "");
  EXPECT_THAT(done, IsEmpty());
  EXPECT_THAT(told.all, ElementsAre("backend:v1: it stays: app/stage counts on it now"));
}

TEST_F(ArtifactsOfARun, WhatIsLetGoIsLetGoWithTheRecord) {
  ASSERT_TRUE(world.ledger->claim(world.id, "v0", {{backend, "in"}, {frontend, "in"}}));
  Plan plan;
  plan.released = {{"v0", backend}};
  Action record = action(Phase::record, "record", {"ledger", "release", "v1"});
  record.artifact = false;
  plan.actions = {record};
  EXPECT_EQ(apply(plan), "");
  EXPECT_THAT(world.ledger->memory(world.id)->tried.at(0).artifacts,
              ElementsAre(testing::Pair(frontend, "in")));
}

}  // namespace
}  // namespace reconciler::simulation
