// What is kept of a version comes back as it was, for that version alone.
#include "reconciler/apply/kept.hpp"

#include <gtest/gtest.h>

#include "reconciler/apply/failures.hpp"
#include "reconciler/base/filesystem.hpp"
#include "tests/simulation/world.hpp"

namespace reconciler::simulation {
namespace {

class KeptTest : public testing::Test {
 protected:
  void TearDown() override { (void)remove_tree(folder); }

  Desired wanted() const {
    Desired desired;
    desired.id = world.id;
    desired.tag = "v1";
    desired.commit = "c1";
    desired.digest = "digest";
    desired.asked = "asked";
    desired.wanted = {{"sim", JsonObject{{"model", "m"}}}};
    desired.steps.resize(2);
    desired.steps[0].name = "static";
    desired.steps[0].once = Once::change;
    desired.steps[0].work.targets = {{"sim", "task", "static"}};
    desired.steps[1].name = "migrate";
    desired.steps[1].once = Once::tag;
    desired.verify_stable = Duration(1234);
    return desired;
  }
  void record(const SealedRecords& records) {
    RunStart start{world.id, "p", "", "v1", "digest", "", "", "test", {}};
    ASSERT_TRUE(
        world.ledger->record(*world.ledger->begin_run(start), {"v1", "c1", "digest", {}}, records));
  }
  Result<Kept> restored(const std::string& tag = "v1") {
    return restore_version(*world.ledger, world.drivers, {world.id, tag, Ledger::Slot::current},
                           Deadline(world.clock, std::chrono::seconds(1)));
  }

  std::string folder = make_folder();
  World world{folder + "/state"};
  Variables variables{{"KEY", {Secret("of the door"), ".env:1", true}}};

 private:
  static std::string make_folder() {
    char name[] = "/tmp/kept-test-XXXXXX";
    return ::mkdtemp(name);
  }
};

TEST_F(KeptTest, ComesBackAsItWasButForWorkThatIsDoneOnceATag) {
  auto sealed = seal_version(world.ledger->key(), world.ledger->lineage(), wanted(), variables);
  ASSERT_TRUE(sealed);
  EXPECT_EQ(sealed->sealed.box.find("of the door"), std::string::npos);
  record({{kept_id(world.id), *sealed}});
  auto kept = restored();
  ASSERT_TRUE(kept) << render(kept.error());
  EXPECT_EQ(kept->desired.id, world.id);
  EXPECT_EQ(kept->desired.tag, "v1");
  EXPECT_EQ(kept->desired.commit, "c1");
  EXPECT_EQ(kept->desired.digest, "digest");
  EXPECT_EQ(kept->desired.asked, "asked");
  EXPECT_EQ(kept->desired.wanted, wanted().wanted);
  EXPECT_EQ(kept->desired.verify_stable, Duration(1234));
  ASSERT_EQ(kept->desired.steps.size(), 1U);
  EXPECT_EQ(kept->desired.steps[0].name, "static");
  EXPECT_EQ(kept->variables.at("KEY").value.reveal(), "of the door");
  EXPECT_TRUE(kept->variables.at("KEY").secret);
}

TEST_F(KeptTest, OpensForItsTagAloneAndNotWhenHarmed) {
  auto sealed = seal_version(world.ledger->key(), world.ledger->lineage(), wanted(), variables);
  ASSERT_TRUE(sealed);
  record({{kept_id(world.id), *sealed}});
  auto other = restored("v2");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, "seal.broken");
  sealed->sealed.box.back() = static_cast<char>(sealed->sealed.box.back() ^ 1);
  record({{kept_id(world.id), *sealed}});
  auto harmed = restored();
  ASSERT_FALSE(harmed);
  EXPECT_EQ(harmed.error().code, "seal.broken");
}

TEST_F(KeptTest, WhereNothingWasKeptItIsSaid) {
  record({});
  auto kept = restored();
  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().code, "rollback.not_kept");
}

TEST(SendsBack, WhatFailedWhileAVersionWasBroughtInDoes) {
  const Error why = error("verify.failed", "no");
  for (const auto phase : {Phase::release, Phase::change, Phase::after, Phase::verify})
    EXPECT_TRUE(sends_back(phase, false, why));
  EXPECT_TRUE(sends_back(Phase::change, true, error("service.port_taken", "no").passing()));
  EXPECT_TRUE(sends_back(Phase::release, true, error("release.failed", "no")));
  EXPECT_FALSE(sends_back(Phase::release, true, error("release.running", "no").passing()));
}

TEST(SendsBack, WhatFailedOnTopOfHalfAVersionDoes) {
  for (const auto phase : {Phase::supply, Phase::preflight, Phase::start, Phase::backup})
    EXPECT_TRUE(sends_back(phase, true, error("image.build_failed", "no")));
}

TEST(SendsBack, WhatTouchedNothingOrCannotBeGoneBackFromDoesNot) {
  for (const auto phase :
       {Phase::supply, Phase::preflight, Phase::start, Phase::backup, Phase::record, Phase::prune})
    EXPECT_FALSE(sends_back(phase, false, error("docker.error", "no")));
  for (const auto phase : {Phase::record, Phase::prune})
    EXPECT_FALSE(sends_back(phase, true, error("docker.error", "no")));
  for (const auto* code : {"apply.stopped", "plan.stale", "release.timeout",
                           "release.outcome_unknown", "ledger.full", "system.exhausted"})
    EXPECT_FALSE(sends_back(Phase::verify, true, error(code, "no"))) << code;
  EXPECT_FALSE(sends_back(Phase::change, true, error("docker.unreachable", "no").passing()));
  EXPECT_FALSE(sends_back(Phase::change, true, error("image.missing", "no").passing()));
  EXPECT_TRUE(sends_back(Phase::change, true, error("image.missing", "no")));
}

}  // namespace
}  // namespace reconciler::simulation
