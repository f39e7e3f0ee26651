#include "reconciler/apply/recovery.hpp"

#include <gtest/gtest.h>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/filesystem.hpp"
#include "tests/simulation/world.hpp"

namespace reconciler::simulation {
namespace {

/// A release that was intended, and cut off.
class Recovery : public ::testing::Test {
 protected:
  void SetUp() override {
    world.wanted.has_release = true;
    const Plan plan = world.plan();
    for (const auto& one : plan.actions)
      if (one.work.effect == Effect::once) action = one;
    const auto run = world.ledger->begin_run(run_of(plan, "test"));
    ASSERT_TRUE(run);
    const auto id = world.ledger->intend(*run, action);
    ASSERT_TRUE(id);
    attempt = *id;
  }
  void TearDown() override { (void)remove_tree(folder); }

  Fate settled() {
    const auto done =
        settle_open_attempts({world.drivers, *world.ledger, world.clock, world.silent, folder},
                             world.id, {}, Redaction({}), {});
    EXPECT_TRUE(done) << (done ? "" : render(done.error()));
    return world.ledger->memory(world.id)->once.at(action.once_key);
  }

  std::string folder = "/dev/shm/reconciler-recovery-" + to_hex(random_bytes(8));
  World world{folder};
  Variables variables;
  Action action;
  std::string attempt;
};

TEST_F(Recovery, WithoutATraceItWasNotStarted) {
  EXPECT_EQ(settled(), Fate::not_started);
}

TEST_F(Recovery, BegunAndWithoutATraceNobodyKnows) {
  ASSERT_TRUE(world.ledger->result(attempt, {Fate::running, {}}));
  EXPECT_EQ(settled(), Fate::unknown);
  EXPECT_EQ(world.plan().stalled->reason, "ReleaseOutcomeUnknown");
  EXPECT_TRUE(world.plan().empty());
}

TEST_F(Recovery, WhatTheWorldSaysIsWritten) {
  ASSERT_TRUE(world.ledger->result(attempt, {Fate::running, {}}));
  world.host.tasks.push_back({attempt, false, 0});
  EXPECT_EQ(settled(), Fate::succeeded);
  for (const auto& one : world.plan().actions) EXPECT_NE(one.work.effect, Effect::once);
}

TEST_F(Recovery, APersonsAnswerLetsItRunAgain) {
  ASSERT_TRUE(world.ledger->result(attempt, {Fate::running, {}}));
  ASSERT_EQ(settled(), Fate::unknown);
  ASSERT_TRUE(world.ledger->settle(world.id, action.once_key, Fate::not_started, "anna"));
  ASSERT_TRUE(world.apply(world.plan()));
  EXPECT_EQ(world.host.release_table, (std::vector<std::string>{"start v1", "done v1"}));
}

}  // namespace
}  // namespace reconciler::simulation
