// A stack whose versions fail, and are gone back from.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/unit/docker/services/recorded.hpp"

namespace reconciler::docker {

class GoBack : public RecordedStack {
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
  void cut_at_any_call(const std::string& policy) {
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
        EXPECT_EQ(engine_.named("a-web-1")->restart_policy, policy);
        EXPECT_TRUE(plan(memory).empty());
        if (whole) break;
      }
  }
  void keep() {
    record("v1");
    kept = snapshot("v1");
  }

  SealedRecords kept;
};

}  // namespace reconciler::docker
