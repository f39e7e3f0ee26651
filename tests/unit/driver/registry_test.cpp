// Many drivers as one.
#include <gmock/gmock.h>

#include "reconciler/driver/registry.hpp"

namespace reconciler {
namespace {

using testing::ElementsAre;

/// Answers with what it was given.
class Fixed final : public Driver {
 public:
  explicit Fixed(std::string name) : name(std::move(name)) {}
  Description describe() const override { return {name, {}, {}, {}, {}}; }
  Result<Prepared> prepare(const Request&, const Variables&, Deadline) override {
    if (!mistakes.empty()) return failure(gather(mistakes));
    return prepared;
  }
  Result<Observation> observe(const EnvironmentId&, const Json& wanted, const Memory&,
                              const Variables&, Deadline) override {
    asked = wanted;
    if (cannot_look) return failure(error("engine.unreachable", "no Engine"));
    return observation;
  }
  Result<Outcome> perform(const Attempt&, const Variables&, Progress&, std::stop_token) override {
    return Outcome{};
  }
  Result<Outcome> recover(const Attempt&, const Variables&, Progress&, std::stop_token) override {
    return Outcome{};
  }
  Result<SealedRecords> snapshot(const EnvironmentId&, const Json& wanted, Deadline) override {
    asked = wanted;
    if (cannot_look) return failure(error("engine.unreachable", "no Engine"));
    return records;
  }
  std::vector<Finding> check(Deadline) override { return {{true, name, ""}}; }

  std::string name;
  Prepared prepared;
  std::vector<Error> mistakes;
  Observation observation;
  SealedRecords records;
  Json asked;
  bool cannot_look = false;
};

class RegistryTest : public testing::Test {
 protected:
  RegistryTest() {
    auto two = std::make_unique<Fixed>("two");
    auto one = std::make_unique<Fixed>("one");
    second = two.get();
    first = one.get();
    EXPECT_TRUE(drivers.add(std::move(two)));
    EXPECT_TRUE(drivers.add(std::move(one)));
  }
  static Step step(const std::string& name, Phase phase) {
    Step s;
    s.name = name;
    s.work.phase = phase;
    return s;
  }
  Deadline soon() const { return {clock, Duration(1000)}; }

  SystemClock clock;
  Drivers drivers;
  Fixed* first = nullptr;
  Fixed* second = nullptr;
};

TEST_F(RegistryTest, FoundByNameInOneOrder) {
  EXPECT_EQ(drivers.find("two"), second);
  EXPECT_EQ(drivers.find("three"), nullptr);
  EXPECT_EQ(drivers.describe().at(0).name, "one");
  EXPECT_EQ(render(drivers.add(std::make_unique<Fixed>("one")).error()),
            "error driver.duplicate: there are two drivers \"one\"\n");
  EXPECT_EQ(drivers.check(soon()).size(), 2U);
}

TEST_F(RegistryTest, TheFirstTargetSaysWhoPerforms) {
  Work work;
  work.verb = "switch";
  work.targets = {{"two", "thing", "x"}, {"one", "thing", "y"}};
  EXPECT_EQ(*drivers.performer(work), second);
  work.targets = {{"three", "thing", "x"}};
  EXPECT_EQ(
      render(drivers.performer(work).error()),
      "error driver.unknown: no driver \"three\" is here to switch\n  drivers  one and two\n");
}

TEST_F(RegistryTest, AllMistakesAtOnce) {
  first->mistakes = {error("a.a", "first"), error("a.b", "second")};
  second->mistakes = {error("b.a", "third")};
  const auto prepared = drivers.prepare({}, {}, soon());
  ASSERT_FALSE(prepared);
  EXPECT_EQ(render(prepared.error()), "error a.a: first\nerror a.b: second\nerror b.a: third\n");
}

TEST_F(RegistryTest, StepsComeInTheManifestsOrder) {
  Request request;
  request.sections = JsonObject{
      {"release", JsonArray{JsonObject{{"name", "migrate"}}, JsonObject{{"name", "warm"}},
                            JsonObject{{"name", "static"}}}},
      {"verify", JsonObject{{"checks", JsonArray{JsonObject{{"name", "home"}},
                                                 JsonObject{{"name", "migrate"}}}}}}};
  first->prepared.steps = {step("warm", Phase::release), step("home", Phase::verify)};
  second->prepared.steps = {step("services", Phase::verify), step("static", Phase::after),
                            step("migrate", Phase::release), step("migrate", Phase::verify)};
  std::vector<std::string> names;
  const auto all = *drivers.prepare(request, {}, soon());
  for (const auto& s : all.steps) names.push_back(s.name);
  EXPECT_THAT(names, ElementsAre("migrate", "warm", "static", "services", "home", "migrate"));
}

TEST_F(RegistryTest, WhatOneWantsIsAllTheyWantTogether) {
  first->prepared.wanted = "1";
  first->prepared.patience = Duration(5);
  first->prepared.required = {{"one", "k", "n"}};
  first->prepared.digest = "d1";
  second->prepared.wanted = "2";
  second->prepared.patience = Duration(9);
  second->prepared.digest = "d2";
  const auto all = *drivers.prepare({}, {}, soon());
  EXPECT_EQ(all.wanted.at("one"), Json("1"));
  EXPECT_EQ(all.patience, Duration(9));
  EXPECT_EQ(all.required.size(), 1U);
  second->prepared.digest = "d3";
  EXPECT_NE(drivers.prepare({}, {}, soon())->digest, all.digest);
}

TEST_F(RegistryTest, SealedRecordsOfAllDriversOrNone) {
  first->records[{"one", "k", "a"}] = {Sealed{"a"}, true};
  second->records[{"two", "k", "a"}] = {Sealed{"b"}, false};
  auto all = drivers.snapshot({}, {{"one", "1"}, {"two", "2"}}, soon());
  ASSERT_TRUE(all);
  EXPECT_EQ(all->size(), 2U);
  EXPECT_EQ(all->at({"two", "k", "a"}).sealed.box, "b");
  EXPECT_EQ(first->asked, Json("1"));
  EXPECT_EQ(drivers.snapshot({}, {{"two", "2"}}, soon())->size(), 1U);
  first->cannot_look = true;
  all = drivers.snapshot({}, {{"one", "1"}, {"two", "2"}}, soon());
  ASSERT_FALSE(all);
  EXPECT_EQ(all.error().code, "engine.unreachable");
}

TEST_F(RegistryTest, NoDriverHasARecordOfAnothers) {
  first->records[{"two", "k", "a"}] = {Sealed{"a"}, true};
  const auto all = drivers.snapshot({}, {{"one", "1"}}, soon());
  ASSERT_FALSE(all);
  EXPECT_EQ(render(all.error()), "error driver.protocol: driver one has a record of two/k/a\n");
}

TEST_F(RegistryTest, OneObservationOutOfMany) {
  Resource b;
  b.id = {"one", "k", "b"};
  Resource a;
  a.id = {"one", "k", "a"};
  first->observation = {{b, a}, {"orphan"}};
  second->observation = {{}, {"notice"}};
  const auto seen = *drivers.observe({}, {{"one", "w"}, {"two", "v"}}, {}, {}, soon());
  ASSERT_EQ(seen.resources.size(), 2U);
  EXPECT_EQ(seen.resources[0].id.name, "a");
  EXPECT_THAT(seen.notices, ElementsAre("orphan", "notice"));
  EXPECT_EQ(second->asked, Json("v"));
}

TEST_F(RegistryTest, HalfAnObservationIsNone) {
  second->cannot_look = true;
  EXPECT_EQ(drivers.observe({}, {{"one", {}}, {"two", {}}}, {}, {}, soon()).error().code,
            "engine.unreachable");
}

}  // namespace
}  // namespace reconciler
