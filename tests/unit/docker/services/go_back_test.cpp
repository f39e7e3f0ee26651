// The way back: the very container that ran before serves again; where it is gone, it is made again
// from what was sealed of it. Cut anywhere, the next plan goes on from a look alone.
#include <gmock/gmock.h>

#include "tests/unit/docker/services/recorded.hpp"

namespace reconciler::docker {
namespace {

class GoBack : public Recorded {
 protected:
  GoBack() {
    change = [](CompiledModel& model) { model.images[0].services = {"db", "web"}; };
  }
  void deploy(const std::string& value) {
    want(value);
    for (int round = 0; round < 4 && !plan(memory).empty(); ++round) ASSERT_TRUE(apply(memory));
  }
  /// Switched to, and never verified: the one before is kept.
  void fail(const std::string& value) {
    want(value);
    for (const auto& work : plan(memory)) {
      if (work.phase != Phase::change) continue;
      ASSERT_TRUE(driver_->perform({value, {"a", "p"}, "lineage", "", work}, {}, progress_, {}));
    }
    ASSERT_NE(engine_.named("a-web-1.prev"), nullptr);
  }
  /// What the driver makes of the records alone, by another process.
  Result<Prepared> restored(bool complete = false) {
    const SealedRecords records = kept;
    driver_ = make_docker_driver(engine_, compiler_, clock_, installation_key,
                                 DockerPaths{"", "", "/nonexistent", "", ""});
    compiler_.model = {};  // whoever compiles now compiles something else
    return driver_->restore({{"a", "p"},
                             "lineage",
                             "v1",
                             JsonObject{{"model", "key1"}, {"lineages", JsonArray{"lineage"}}},
                             {},
                             records,
                             complete},
                            Deadline(clock_, std::chrono::seconds(1)));
  }
  std::vector<Work> plan_of(const Json& wanted) {
    auto seen =
        driver_->observe({"a", "p"}, wanted, memory, {}, Deadline(clock_, std::chrono::seconds(1)));
    EXPECT_TRUE(seen) << (seen ? "" : render(seen.error()));
    std::vector<Work> works;
    if (!seen) return works;
    for (const auto& r : seen->resources) {
      const auto found = r.remedies.find(r.desired.empty() ? Aim::remove : Aim::match);
      if (r.desired != r.observed && found != r.remedies.end())
        works.insert(works.end(), found->second.begin(), found->second.end());
    }
    std::stable_sort(works.begin(), works.end(),
                     [](const Work& a, const Work& b) { return a.phase < b.phase; });
    return works;
  }
  void perform_all(const std::vector<Work>& works) {
    for (const auto& work : works) {
      const auto done = driver_->perform(
          {std::to_string(++serial_), {"a", "p"}, "lineage", "", work}, {}, progress_, {});
      ASSERT_TRUE(done) << render(done.error());
    }
  }
  void keep() {
    record("v1");
    kept = snapshot("v1");
  }

  SealedRecords kept;
};

TEST_F(GoBack, TheVeryContainerServesAgain) {
  deploy("1");
  record("v1");
  const auto before = engine_.named("a-web-1")->id;
  fail("2");
  want("1");
  const auto works = plan(memory);
  ASSERT_EQ(works.size(), 2U);
  EXPECT_EQ(
      works[0].calls,
      (Texts{"POST /containers/stop a-web-1", "POST /containers/rename a-web-1 a-web-1.failed",
             "POST /containers/rename a-web-1.prev a-web-1",
             "POST /containers/update a-web-1.failed", "POST /containers/update a-web-1",
             "POST /containers/start a-web-1"}));
  EXPECT_EQ(works[1].calls, Texts{"DELETE /containers a-web-1.failed"});
  ASSERT_TRUE(apply(memory));
  EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a-web-1:running"}));
  EXPECT_EQ(engine_.named("a-web-1")->id, before);
  EXPECT_EQ(engine_.named("a-web-1")->restart_policy, "always");
  EXPECT_TRUE(plan(memory).empty());
}

TEST_F(GoBack, CutAtAnyCallItIsTheVeryContainerAllTheSame) {
  for (const bool after : {false, true})
    for (size_t n = 0;; ++n) {
      SCOPED_TRACE(std::string("cut ") + (after ? "after" : "before") + " call " +
                   std::to_string(n));
      deploy("1");
      record("v1");
      const auto before = engine_.named("a-web-1")->id;
      fail("2");
      want("1");
      engine_.die_at(n, after);
      const bool whole = apply(memory);
      engine_.revive();
      deploy("1");
      EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a-web-1:running"}));
      EXPECT_EQ(engine_.named("a-web-1")->id, before);
      EXPECT_EQ(engine_.named("a-web-1")->restart_policy, "always");
      EXPECT_TRUE(plan(memory).empty());
      if (whole) break;
    }
}

TEST_F(GoBack, CutAndThenAskedForAnotherVersionItGoesThereWithTheData) {
  for (size_t n = 0; n < 7; ++n) {
    SCOPED_TRACE(n);
    deploy("1");
    record("v1");
    const auto volumes = engine_.named("a-web-1")->anonymous;
    fail("2");
    want("1");
    engine_.die_at(n, true);
    apply(memory);
    engine_.revive();
    deploy("3");
    EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a-web-1:running"}));
    EXPECT_EQ(value_of("a-web-1"), "A=3");
    EXPECT_EQ(engine_.named("a-web-1")->anonymous, volumes);
  }
}

TEST_F(GoBack, ARestartPolicyAloneIsGivenBackWithoutAnotherContainer) {
  deploy("1");
  const auto before = engine_.named("a-web-1")->id;
  engine_.named("a-web-1")->restart_policy = "no";
  const auto works = plan(memory);
  ASSERT_EQ(works.size(), 1U);
  EXPECT_EQ(works[0].calls, Texts{"POST /containers/update a-web-1"});
  EXPECT_EQ(works[0].verb, "start");
  ASSERT_TRUE(apply(memory));
  EXPECT_EQ(engine_.named("a-web-1")->id, before);
  EXPECT_TRUE(plan(memory).empty());
}

TEST_F(GoBack, FromTheRecordsAloneNothingDiffers) {
  deploy("1");
  keep();
  auto prepared = restored();
  ASSERT_TRUE(prepared) << render(prepared.error());
  EXPECT_EQ(text_at(prepared->wanted, "model"), "kept-key1") << "the other one can be built from";
  EXPECT_TRUE(plan_of(prepared->wanted).empty());
}

TEST_F(GoBack, WhatIsGoneIsMadeAgainFromTheRecordsWithItsVolumes) {
  deploy("1");
  keep();
  const auto volumes = engine_.named("a-web-1")->anonymous;
  fail("2");
  for (const auto* name : {"a-web-1.prev", "a-web-1"})
    engine_.containers.erase(engine_.named(name)->id);
  auto prepared = restored();
  ASSERT_TRUE(prepared) << render(prepared.error());
  perform_all(plan_of(prepared->wanted));
  EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a-web-1:running"}));
  EXPECT_EQ(value_of("a-web-1"), "A=1");
  EXPECT_EQ(engine_.named("a-web-1")->anonymous, volumes);
  EXPECT_TRUE(plan_of(prepared->wanted).empty());
}

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

TEST_F(GoBack, AnImageThatIsGoneIsSaidBeforeAnythingBegins) {
  deploy("1");
  keep();
  engine_.images.clear();
  const auto prepared = restored(true);
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().code, "image.gone");
}

TEST_F(GoBack, ARecordThatIsMissingOrHarmedIsSaid) {
  deploy("1");
  keep();
  kept.erase(id("service", "web"));
  auto prepared = restored();
  ASSERT_FALSE(prepared);
  EXPECT_EQ(render(prepared.error()),
            "error rollback.not_kept: nothing was kept of how web of v1 was made\n"
            "  next  commit a tag for a/p\n");
}

}  // namespace
}  // namespace reconciler::docker
