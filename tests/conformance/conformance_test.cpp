// What every driver keeps, whichever side of a pipe it lives on.
#include <gmock/gmock.h>

#include "reconciler/base/text.hpp"
#include "reconciler/driver/wire.hpp"
#include "tests/conformance/subject.hpp"

namespace reconciler::conformance {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;

class Silent final : public Progress {
 public:
  void line(std::string_view) override {}
};

class Conformance : public testing::TestWithParam<Kind> {
 protected:
  Deadline soon() const { return {clock, Duration(10'000)}; }
  Prepared prepared() {
    auto made = driver.prepare(subject->good(), subject->variables(), soon());
    if (!made) throw std::runtime_error(render(made.error()));
    return std::move(*made);
  }
  Observation observed() {
    auto seen = driver.observe(subject->good().id, prepared().wanted, subject->memory(),
                               subject->variables(), soon());
    if (!seen) throw std::runtime_error(render(seen.error()));
    return std::move(*seen);
  }
  Result<Outcome> perform(const Work& work, std::stop_token stop = {}) {
    const Request request = subject->good();
    return driver.perform({"1", request.id, request.lineage, "", work}, subject->variables(),
                          silent, std::move(stop));
  }
  /// All work that is on offer now.
  std::vector<Work> due() {
    std::vector<Work> all;
    for (const auto& r : observed().resources) {
      if (r.desired == r.observed) continue;
      for (const auto& [aim, works] : r.remedies) all.insert(all.end(), works.begin(), works.end());
    }
    return all;
  }
  void settle() {
    for (const auto& work : due()) {
      const auto outcome = perform(work);
      ASSERT_TRUE(outcome) << render(outcome.error());
      ASSERT_EQ(outcome->fate, Fate::succeeded);
    }
  }
  std::vector<Work> all_work() {
    std::vector<Work> all = due();
    for (const auto& step : prepared().steps) {
      all.push_back(step.work);
      all.insert(all.end(), step.then.begin(), step.then.end());
    }
    return all;
  }

  SystemClock clock;
  std::unique_ptr<Subject> subject = GetParam().make();
  Driver& driver = subject->driver();
  Silent silent;
};

TEST_P(Conformance, ItDescribesItselfTheSameEachTime) {
  const Description one = driver.describe();
  EXPECT_FALSE(one.name.empty());
  EXPECT_FALSE(one.kinds.empty());
  EXPECT_FALSE(one.verbs.empty());
  (void)prepared();
  EXPECT_EQ(wire::write(driver.describe()), wire::write(one));
}

TEST_P(Conformance, PreparingIsDeterministic) {
  EXPECT_EQ(wire::write(prepared()), wire::write(prepared()));
}

TEST_P(Conformance, AllMistakesComeAtOnceEachWithItsPlace) {
  const auto made = driver.prepare(subject->bad(), subject->variables(), soon());
  ASSERT_FALSE(made);
  std::vector<std::string> codes;
  for (const auto& mistake : flatten(made.error())) {
    codes.push_back(mistake.code);
    EXPECT_THAT(mistake.place.file, testing::StartsWith("#/"));
    EXPECT_FALSE(mistake.message.empty());
    EXPECT_FALSE(mistake.hint.empty());
  }
  EXPECT_EQ(codes, subject->codes());
}

TEST_P(Conformance, WhatIsPreparedHoldsNoSecret) {
  const std::string text = boost::json::serialize(wire::write(prepared()));
  for (const auto& [name, variable] : subject->variables())
    if (variable.secret) {
      EXPECT_THAT(text, Not(testing::HasSubstr(variable.value.reveal())));
    }
}

TEST_P(Conformance, LookingChangesNothing) {
  const std::string before = subject->snapshot();
  (void)observed();
  EXPECT_EQ(subject->snapshot(), before);
  settle();
  const std::string after = subject->snapshot();
  (void)observed();
  EXPECT_EQ(subject->snapshot(), after);
}

TEST_P(Conformance, LookingTwiceSeesTheSame) {
  EXPECT_EQ(wire::write(observed()), wire::write(observed()));
}

TEST_P(Conformance, ASecondLookFindsNothing) {
  settle();
  EXPECT_THAT(due(), IsEmpty());
}

TEST_P(Conformance, WhatIsDisturbedIsFoundAndMended) {
  settle();
  if (!subject->disturb()) return;  // it observes nothing
  EXPECT_THAT(due(), Not(IsEmpty()));
  settle();
  EXPECT_THAT(due(), IsEmpty());
}

TEST_P(Conformance, ItsSealedRecordsAreItsOwnAndTakingThemChangesNothing) {
  settle();
  const std::string before = subject->snapshot();
  const auto records = driver.snapshot(subject->good().id, prepared().wanted, soon());
  ASSERT_TRUE(records) << render(records.error());
  EXPECT_EQ(subject->snapshot(), before);
  for (const auto& [id, record] : *records) {
    EXPECT_EQ(id.driver, driver.describe().name);
    for (const auto& [name, variable] : subject->variables())
      if (variable.secret) {
        EXPECT_THAT(record.sealed.box, Not(testing::HasSubstr(variable.value.reveal()))) << name;
      }
  }
}

TEST_P(Conformance, ARecordThatIsNotItsOwnIsPassedOver) {
  Memory memory = subject->memory();
  memory.snapshots[{"another", "thing", "x"}] = {Sealed{std::string("\0\xff", 2)}, true};
  const auto seen =
      driver.observe(subject->good().id, prepared().wanted, memory, subject->variables(), soon());
  ASSERT_TRUE(seen) << render(seen.error());
  EXPECT_EQ(wire::write(*seen), wire::write(observed()));
}

TEST_P(Conformance, ADifferenceIsNamedWhereAndOnlyWhereThereIsOne) {
  const auto check = [&] {
    for (const auto& r : observed().resources) {
      EXPECT_EQ(r.desired != r.observed, !r.differences.empty()) << r.id.text();
      for (const auto& difference : r.differences) EXPECT_FALSE(difference.field.empty());
      if (r.desired == r.observed) {
        EXPECT_THAT(r.remedies, IsEmpty()) << r.id.text();
      }
    }
  };
  check();
  settle();
  check();
  if (subject->disturb()) check();
}

TEST_P(Conformance, ItReportsAndOffersOnlyWhatItDescribes) {
  const Description description = driver.describe();
  for (const auto& r : observed().resources) {
    EXPECT_EQ(r.id.driver, description.name);
    EXPECT_THAT(description.kinds, Contains(r.id.kind));
  }
  for (const auto& work : all_work()) {
    EXPECT_THAT(description.verbs, Contains(work.verb));
    ASSERT_THAT(work.targets, Not(IsEmpty()));
    EXPECT_EQ(work.targets.front().driver, description.name);
    EXPECT_THAT(description.kinds, Contains(work.targets.front().kind));
    EXPECT_TRUE(work.phase == Phase::verify || work.effect == Effect::converge ||
                work.phase == Phase::release)
        << "once-only work is release work";
  }
}

TEST_P(Conformance, AWorkOfARemedyExpectsWhatWasSeen) {
  for (const auto& work : due()) EXPECT_FALSE(work.expects.empty()) << work.verb;
}

TEST_P(Conformance, AStaleExpectationIsRefusedAndNothingChanges) {
  for (Work work : due()) {
    work.expects = "something else";
    const std::string before = subject->snapshot();
    const auto outcome = perform(work);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, "plan.stale");
    EXPECT_FALSE(outcome.error().hint.empty());
    EXPECT_EQ(subject->snapshot(), before);
  }
}

TEST_P(Conformance, ConvergingWorkThatIsDoneTwiceIsDone) {
  for (Work work : due()) {
    work.expects.clear();
    for (int n = 0; n < 2; ++n) {
      const auto outcome = perform(work);
      ASSERT_TRUE(outcome) << render(outcome.error());
      EXPECT_EQ(outcome->fate, Fate::succeeded);
    }
  }
  EXPECT_THAT(due(), IsEmpty());
}

TEST_P(Conformance, AStopBeforeTheWorkIsHeeded) {
  std::stop_source source;
  source.request_stop();
  for (const auto& work : due()) {
    const std::string before = subject->snapshot();
    const auto outcome = perform(work, source.get_token());
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, "apply.stopped");
    EXPECT_EQ(subject->snapshot(), before);
  }
}

TEST_P(Conformance, WorkThatIsNotItsOwnIsRefused) {
  Work work;
  work.verb = "launch";
  work.targets = {{driver.describe().name, "rocket", "one"}};
  work.input = JsonObject{};
  const std::string before = subject->snapshot();
  const auto outcome = perform(work);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, "driver.work_unknown");
  EXPECT_EQ(subject->snapshot(), before);
}

TEST_P(Conformance, StepsHaveNamesAndWhatIsShown) {
  for (const auto& step : prepared().steps) {
    EXPECT_FALSE(step.name.empty());
    EXPECT_FALSE(step.shown.empty());
    EXPECT_EQ(step.once == Once::tag, !step.once_key.empty());
    const auto outcome = perform(step.work);
    ASSERT_TRUE(outcome) << render(outcome.error());
    EXPECT_EQ(outcome->fate, Fate::succeeded);
    EXPECT_FALSE(text_at(outcome->evidence, "detail").empty());
  }
}

INSTANTIATE_TEST_SUITE_P(Drivers, Conformance, testing::ValuesIn(kinds()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace reconciler::conformance
