// What a run that did not come to its end leaves behind for the next one's failure.
#include <gtest/gtest.h>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/filesystem.hpp"
#include "tests/simulation/world.hpp"

namespace reconciler::simulation {
namespace {

class Touched : public ::testing::Test {
 protected:
  void SetUp() override {
    ask("v1");
    ASSERT_TRUE(world.apply(world.plan()));
  }
  void TearDown() override { (void)remove_tree(folder); }

  void ask(const std::string& tag) {
    world.wanted.tag = tag;
    world.wanted.services = {{"web", {"web:" + tag, "", true, true}}};
  }
  Memory memory() const { return *world.ledger->memory(world.id); }
  Applied applied() {
    Executor executor({world.drivers, *world.ledger, world.clock, world.silent, folder});
    auto done = executor.apply(world.plan(), world.desired(), {}, "test", {});
    EXPECT_TRUE(done);
    return std::move(*done);
  }
  /// Stopped right after its switch.
  void cut(const std::string& tag) {
    ask(tag);
    Plan plan = world.plan();
    std::erase_if(plan.actions, [](const Action& a) { return a.work.phase > Phase::change; });
    ASSERT_TRUE(world.apply(plan));
  }

  std::string folder = "/dev/shm/reconciler-touched-" + to_hex(random_bytes(8));
  World world{folder};
};

TEST_F(Touched, ABuildThatFailsBeforeAnythingWasTouchedLeavesAllAsItIs) {
  EXPECT_FALSE(memory().touched);
  ask("v2");
  world.wanted.build_fails = true;
  const Applied done = applied();
  ASSERT_TRUE(done.why);
  EXPECT_FALSE(done.rejected);
  EXPECT_FALSE(memory().touched);
  EXPECT_FALSE(memory().target);
}

TEST_F(Touched, ABuildThatFailsOnTopOfHalfAVersionSendsBack) {
  cut("v2");
  EXPECT_TRUE(memory().touched);
  ask("v3");
  world.wanted.build_fails = true;
  const Applied done = applied();
  ASSERT_TRUE(done.why);
  EXPECT_EQ(done.why->code, "image.build_failed");
  EXPECT_TRUE(done.rejected);
  EXPECT_EQ(memory().target->tag, "v1");
  EXPECT_EQ(memory().target->rejected_tag, "v3");
  EXPECT_EQ(memory().target->reason, "SupplyFailed");
  EXPECT_TRUE(memory().touched) << "until it is back";
}

TEST_F(Touched, TheNextRecordEndsIt) {
  cut("v2");
  ask("v3");
  ASSERT_TRUE(world.apply(world.plan()));
  EXPECT_FALSE(memory().touched);
}

TEST_F(Touched, WhatRanPastUsBeforeIsKnownUntilTheNextRecord) {
  ask("v2");
  Plan plan = world.plan();
  plan.by_hand = "v1.5";
  std::erase_if(plan.actions, [](const Action& a) { return a.work.phase > Phase::change; });
  ASSERT_TRUE(world.apply(plan));
  EXPECT_EQ(memory().ran_by_hand, "v1.5");
  EXPECT_FALSE(world.plan().fallback) << "it was not recorded here, and v1 is not what ran";
  cut("v2");
  EXPECT_EQ(memory().ran_by_hand, "v1.5") << "the first that touched something knew";
  ASSERT_TRUE(world.apply(world.plan()));
  EXPECT_FALSE(memory().ran_by_hand);
}

TEST_F(Touched, AServiceThatWasUnwellBeforeAndIsLeftAloneFailsNothing) {
  ask("v1");
  world.wanted.services["old"] = {"old:1", "", true, true};
  ASSERT_TRUE(world.apply(world.plan()));
  world.host.services["old"].healthy = false;
  ask("v2");
  world.wanted.services["old"] = {"old:1", "", true, true};
  EXPECT_FALSE(applied().why);
  EXPECT_EQ(memory().current->tag, "v2");
}

}  // namespace
}  // namespace reconciler::simulation
