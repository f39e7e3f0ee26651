// What a version that was never recorded left: it goes with the next switch, and nothing else does.
#include <gmock/gmock.h>

#include "tests/unit/docker/services/recorded.hpp"

namespace reconciler::docker {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

class LeftOver : public RecordedStack {
 protected:
  LeftOver() {
    deploy("1");
    record("v1");
    memory.recorded_attempt = serial_;
  }
  void deploy(const std::string& value) {
    want(value);
    for (int round = 0; round < 4 && !plan(memory).empty(); ++round) ASSERT_TRUE(apply(memory));
  }
  /// One more service, on one more network.
  static void add_more(CompiledModel& model) {
    Container extra = container("extra", "img:v1", "more");
    extra.endpoints.push_back({"a_new", JsonObject{}});
    model.containers.push_back(std::move(extra));
    model.networks.push_back({"new", "a_new", labelled("new"), false});
  }
  void fail(bool changed_network = true) {
    change = [changed_network](CompiledModel& model) {
      add_more(model);
      if (changed_network) model.networks[0].config.as_object()["Labels"].as_object()["of"] = "v2";
    };
    want("2");
    for (const auto& work : plan(memory)) {
      if (work.phase == Phase::prune) continue;
      const Attempt attempt{std::to_string(++serial_), {"a", "p"}, "lineage", "", work};
      const auto done = driver_->perform(attempt, {}, progress_, {});
      ASSERT_TRUE(done) << render(done.error());
    }
    change = [](CompiledModel&) {};
    ASSERT_NE(engine_.named("a-extra-1"), nullptr);
    ASSERT_TRUE(engine_.networks.contains("a_new"));
  }
  Texts removals() {
    Texts calls;
    for (const auto& work : plan(memory))
      if (work.verb == "remove") calls.insert(calls.end(), work.calls.begin(), work.calls.end());
    return calls;
  }
};

TEST_F(LeftOver, WhatOnlyTheFailedVersionHasGoesWithItAndItsNetworks) {
  fail();
  want("1");
  EXPECT_EQ(removals(), (Texts{"POST /containers/stop a-extra-1", "DELETE /containers a-extra-1",
                               "DELETE /networks a_new"}));
  auto works = plan(memory);
  // In the order in which a plan has them: what is needed first.
  std::stable_sort(works.begin(), works.end(), [](const Work& a, const Work& b) {
    const auto rank = [](const Work& w) {
      return w.verb != "remove" ? 1 : w.targets[0].kind == "container" ? 0 : 2;
    };
    return std::pair(a.phase, rank(a)) < std::pair(b.phase, rank(b));
  });
  for (const auto& work : works) {
    const Attempt attempt{std::to_string(++serial_), {"a", "p"}, "lineage", "", work};
    const auto done = driver_->perform(attempt, {}, progress_, {});
    ASSERT_TRUE(done) << render(done.error());
  }
  EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a-web-1:running"}));
  EXPECT_FALSE(engine_.networks.contains("a_new"));
  EXPECT_THAT(plan(memory), IsEmpty());
}

TEST_F(LeftOver, ANetworkThatChangesBackWaitsForThem) {
  fail();
  want("1");
  for (const auto& work : plan(memory)) {
    if (work.targets[0] == id("network", "a_default")) {
      EXPECT_THAT(work.needs, Contains(id("container", "a-extra-1")));
    }
  }
}

TEST_F(LeftOver, WhatIsPartOfARecordedVersionIsAnOrphanAndStays) {
  fail(false);
  want("1");
  memory.recorded_attempt = serial_;
  EXPECT_THAT(removals(), IsEmpty());
  EXPECT_THAT(look(memory).notices, Contains(HasSubstr("orphan a-extra-1 (service extra")));
}

TEST_F(LeftOver, WhatAnotherInstallationMadeStays) {
  fail(false);
  want("1");
  memory.lineage = "another";
  for (const auto& r : look(memory).resources) EXPECT_NE(r.id, id("container", "a-extra-1"));
}

}  // namespace
}  // namespace reconciler::docker
