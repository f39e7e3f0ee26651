// What runs is recorded whether or not it can be said how to make it again.
#include <gmock/gmock.h>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/filesystem.hpp"
#include "tests/simulation/world.hpp"

namespace reconciler::simulation {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Has nothing but sealed records.
class Sealing final : public Driver {
 public:
  Description describe() const override { return {"sealing", {}, {}, {}, {}}; }
  Result<Prepared> prepare(const Request&, const Variables&, Deadline) override {
    return Prepared{};
  }
  Result<Observation> observe(const EnvironmentId&, const Json&, const Memory&, const Variables&,
                              Deadline) override {
    return Observation{};
  }
  Result<Outcome> perform(const Attempt&, const Variables&, Progress&, std::stop_token) override {
    return Outcome{};
  }
  Result<Outcome> recover(const Attempt&, const Variables&, Progress&, std::stop_token) override {
    return Outcome{};
  }
  std::vector<Finding> check(Deadline) override { return {}; }
  Result<SealedRecords> snapshot(const EnvironmentId&, const Json& wanted, Deadline) override {
    asked = wanted;
    if (away > 0) {
      --away;
      return failure(error("engine.away", "it does not answer").passing());
    }
    return records;
  }

  Result<SealedRecords> records;
  Json asked;
  int away = 0;  ///< for so many questions
};

class Lines final : public Events {
 public:
  void started(const Action&) override {}
  void line(const Action& action, std::string_view text) override {
    if (action.work.phase == Phase::record) all.emplace_back(text);
  }
  void finished(const Action&, Duration, std::string_view) override {}
  void failed(const Action&, Duration, std::string_view, const std::vector<std::string>&) override {
  }
  std::vector<std::string> all;
};

class Record : public testing::Test {
 protected:
  Record() {
    auto made = std::make_unique<Sealing>();
    sealing = made.get();
    EXPECT_TRUE(world.drivers.add(std::move(made)));
  }
  void TearDown() override { (void)remove_tree(folder); }

  void apply() {
    Desired desired = world.desired();
    desired.wanted = {{"sealing", "its own"}};
    Executor executor({world.drivers, *world.ledger, world.clock, lines, folder});
    const auto done = executor.apply(world.plan(), desired, {}, "test", {});
    EXPECT_TRUE(done) << (done ? "" : render(done.error()));
    EXPECT_EQ(world.ledger->memory(world.id)->current->tag, world.wanted.tag);
  }
  SealedRecords kept() const { return *world.ledger->snapshots(world.id, Ledger::Slot::current); }

  std::string folder = "/dev/shm/reconciler-record-" + to_hex(random_bytes(8));
  World world{folder};
  Sealing* sealing = nullptr;
  Lines lines;
};

TEST_F(Record, ADriverThatCannotTellForAMomentIsAskedAgain) {
  sealing->records->insert({{"sealing", "k", "n"}, {Sealed{"box"}, true}});
  sealing->away = 5;
  apply();
  EXPECT_THAT(lines.all, IsEmpty());
  EXPECT_EQ(kept().size(), 2U);
}

TEST_F(Record, OneThatCannotTellForLongIsNotWaitedFor) {
  sealing->away = 1000;
  apply();
  EXPECT_THAT(lines.all,
              ElementsAre("no sealed record of v1 is kept (engine.away: it does not answer): once "
                          "its containers are gone, the way back to it needs its images, its tree "
                          "and its variables"));
  EXPECT_THAT(kept(), IsEmpty());
}

TEST_F(Record, TakesTheDriversSealedRecordsAlong) {
  sealing->records->insert({{"sealing", "k", "n"}, {Sealed{"box"}, true}});
  apply();
  EXPECT_EQ(sealing->asked, Json("its own"));
  EXPECT_EQ(kept().at({"sealing", "k", "n"}).sealed.box, "box");
  EXPECT_THAT(lines.all, IsEmpty());
}

TEST_F(Record, ADriverThatCannotTellIsSaidAndTheVersionIsRecorded) {
  sealing->records = failure(error("docker.unreachable", "no Engine"));
  apply();
  EXPECT_THAT(kept(), IsEmpty());
  const std::string said =
      "no sealed record of " + world.wanted.tag +
      " is kept (docker.unreachable: no Engine): once its containers are gone, the way back to it "
      "needs its images, its tree and its variables";
  EXPECT_THAT(lines.all, ElementsAre(said));
  const auto log = world.ledger->log(world.ledger->last_run(world.id)->value().serial);
  EXPECT_THAT(*log, testing::Contains(testing::HasSubstr(said)));
}

TEST_F(Record, WhatIsTooLargeIsSaidAndTheVersionIsRecorded) {
  const std::string box((size_t{8} << 20U) + 1, 'x');
  sealing->records->insert({{"sealing", "k", "n"}, {Sealed{box}, true}});
  apply();
  EXPECT_THAT(kept(), IsEmpty());
  EXPECT_THAT(lines.all, ElementsAre(testing::HasSubstr("ledger.too_large")));
}

}  // namespace
}  // namespace reconciler::simulation
