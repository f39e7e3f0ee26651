// `run` under a clock that the test moves, over a host in memory and a real repository.
#include "reconciler/service/service.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <optional>

#include "tests/unit/git/fixture.hpp"
#include "tests/unit/service/host.hpp"

namespace reconciler::test {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;

const EnvironmentId one{"one", "production"};
const EnvironmentId two{"two", "production"};

class Lines final : public Log {
 public:
  void info(std::string_view line) override { add(line); }
  void warn(std::string_view line) override { add(line); }
  std::vector<std::string> all() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  void add(std::string_view line) {
    const std::lock_guard lock(mutex_);
    lines_.emplace_back(line);
  }
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

class ServiceTest : public GitTest {
 protected:
  void SetUp() override {
    GitTest::SetUp();
    ask("one", "v1");
    ask("two", "v1");
    commit("first");
    ledger = *Ledger::open(state, moved);
    about.repositories = {repository()};
    about.repositories[0].poll = 30min;
    about.data = root + "/data";
    service.emplace(
        Parts{*ledger, none, helper, moved, about, state}, [this] { return drivers(); }, log);
  }
  void TearDown() override {
    stop.request_stop();
    host.with([](MemoryHost& h) { h.hanging_looks.clear(); });
    service.reset();
    ledger.reset();
    GitTest::TearDown();
  }

  Result<std::unique_ptr<Drivers>> drivers() {
    ++lanes_made;
    auto made = std::make_unique<Drivers>();
    EXPECT_TRUE(made->add(std::make_unique<MemoryDriver>(host)));
    return made;
  }
  void ask(const std::string& application, const std::string& tag) {
    write(application + "/reconciler.yaml",
          "verify: { stable: 0s, timeout: 2h }\nenvironments: { production: { tag: " + tag +
              " } }\n");
  }
  void commit_tag(const std::string& application, const std::string& tag) {
    ask(application, tag);
    commit(application + " " + tag);
  }
  Instant step() { return service->step(stop.get_token()); }
  /// Steps until nothing is due or under way any more.
  void settle() {
    Instant next{};
    do {
      step();
      service->quiet();
      next = step();
    } while (!service->idle() || next <= moved.now());
  }
  /// The repository is asked again, and what it said is taken up; what is under way goes on.
  void poll() {
    moved.pass(30min);
    step();
    service->quiet_asking();
    step();
    service->quiet_asking();
  }
  std::vector<std::string> calls() {
    return host.with([](MemoryHost& h) { return std::exchange(h.calls, {}); });
  }
  std::string running(const EnvironmentId& id) {
    return host.with([&](MemoryHost& h) { return h.running[id.text()]; });
  }
  int looks(const EnvironmentId& id) {
    return host.with([&](MemoryHost& h) { return h.looks[id.text()]; });
  }
  /// `TO: CONDITION/REASON CODE` of each run, oldest first.
  std::vector<std::string> runs(const EnvironmentId& id) {
    std::vector<std::string> all;
    const auto history = ledger->history(id, 100);
    for (const auto& run : *history)
      all.push_back(run.to + ": " + run.end.condition + "/" + run.end.reason +
                    (run.end.code.empty() ? "" : " " + run.end.code));
    std::ranges::reverse(all);
    return all;
  }

  MemoryHost host;
  MovedClock moved;
  Lines log;
  Drivers none;
  Host about;
  std::unique_ptr<Ledger> ledger;
  std::stop_source stop;
  int lanes_made = 0;
  std::optional<Service> service;
};

TEST_F(ServiceTest, WhatWasRejectedIsNotTriedAgainForTwentyPasses) {
  settle();
  EXPECT_THAT(calls(),
              ElementsAre("build v1", "switch one/production v1", "switch two/production v1"));
  host.with([](MemoryHost& h) { h.unwell = {"v2"}; });
  commit_tag("one", "v2");
  moved.pass(30min);
  settle();
  EXPECT_THAT(runs(one),
              ElementsAre("v1: Ready/Succeeded", "v2: RolledBack/VerifyFailed verify.failed",
                          "v1: Ready/Succeeded"));
  calls();
  const auto lines = log.all().size();
  const int before = looks(one);
  for (int pass = 0; pass < 20; ++pass) {
    moved.pass(61s);
    settle();
  }
  EXPECT_EQ(looks(one) - before, 20);
  EXPECT_THAT(calls(), ElementsAre());
  EXPECT_EQ(log.all().size(), lines);
  EXPECT_EQ(lanes_made, 1);

  commit_tag("one", "v3");
  moved.pass(30min);
  settle();
  EXPECT_EQ(running(one), "v3");
}

TEST_F(ServiceTest, ABuildThatHangsHoldsUpNoOtherAndEndsWithTheNextCommit) {
  settle();
  host.with([](MemoryHost& h) { h.hanging_builds = {"v2"}; });
  commit_tag("one", "v2");
  poll();
  ASSERT_TRUE(
      host.until([](const MemoryHost& h) { return std::ranges::count(h.calls, "build v2") == 1; }));
  commit_tag("two", "v3");
  poll();
  ASSERT_TRUE(host.until([](const MemoryHost& h) { return h.running.at(two.text()) == "v3"; }));
  EXPECT_EQ(running(one), "v1");

  commit_tag("one", "v4");
  poll();
  settle();
  EXPECT_EQ(running(one), "v4");
  EXPECT_THAT(runs(one),
              ElementsAre("v1: Ready/Succeeded", "v2: Reconciling/Superseded apply.superseded",
                          "v4: Ready/Succeeded"));
  EXPECT_THAT(log.all(), Contains("one/production: apply.superseded: v2 is not asked for as it was "
                                  "any more: ended during supply"));
  EXPECT_FALSE(ledger->memory(one)->target);
}

TEST_F(ServiceTest, ANewerTagEndsVerifyAndNothingIsRejected) {
  settle();
  calls();
  moved.jump(false);
  host.with([](MemoryHost& h) { h.unwell = {"v2", "v3"}; });
  commit_tag("one", "v2");
  poll();
  ASSERT_TRUE(host.until([](const MemoryHost& h) { return h.checks.contains("v2"); }));
  commit_tag("one", "v3");
  poll();
  moved.jump(true);
  settle();
  EXPECT_THAT(calls(), ElementsAre("build v2", "switch one/production v2", "build v3",
                                   "switch one/production v3", "switch one/production v1"));
  EXPECT_THAT(runs(one),
              ElementsAre("v1: Ready/Succeeded", "v2: Reconciling/Superseded apply.superseded",
                          "v3: RolledBack/VerifyFailed verify.failed", "v1: Ready/Succeeded"));
  EXPECT_EQ(ledger->memory(one)->target->rejected_tag, "v3");
}

TEST_F(ServiceTest, ACommitThatAsksForTheSameEndsNothing) {
  settle();
  moved.jump(false);
  host.with([](MemoryHost& h) { h.unwell = {"v2"}; });
  commit_tag("one", "v2");
  poll();
  ASSERT_TRUE(host.until([](const MemoryHost& h) { return h.checks.contains("v2"); }));
  write("one/environments/stage.yaml", "tag: v9\n");
  commit_tag("two", "v2");
  poll();
  host.with([](MemoryHost& h) { h.unwell.clear(); });
  moved.pass(1s);
  settle();
  EXPECT_THAT(runs(one), ElementsAre("v1: Ready/Succeeded", "v2: Ready/Succeeded"));
}

TEST_F(ServiceTest, AnotherFileUnderTheSameTagIsSomethingElse) {
  settle();
  moved.jump(false);
  host.with([](MemoryHost& h) { h.unwell = {"v2"}; });
  commit_tag("one", "v2");
  poll();
  ASSERT_TRUE(host.until([](const MemoryHost& h) { return h.checks.contains("v2"); }));
  write("one/compose.yaml", "services: {}\n");
  commit("another file");
  poll();
  host.with([](MemoryHost& h) { h.unwell.clear(); });
  settle();
  EXPECT_THAT(runs(one),
              ElementsAre("v1: Ready/Succeeded", "v2: Reconciling/Superseded apply.superseded",
                          "v2: Ready/Succeeded"));
}

TEST_F(ServiceTest, WhatIsHeardIsLookedAtAtOnceAndWhatItDidItselfOnceMore) {
  settle();
  calls();
  host.on_switch = [this](const std::string&) {
    service->heard({one});
    service->heard({one});
  };
  host.with([](MemoryHost& h) { h.running[one.text()] = ""; });
  moved.pass(2s);
  const int before = looks(one);
  service->heard({one});
  settle();
  EXPECT_THAT(calls(), ElementsAre("switch one/production v1"));
  EXPECT_EQ(looks(one) - before, 2);  // one to plan, one before it is performed
  moved.pass(1s);
  settle();
  EXPECT_EQ(looks(one) - before, 3);
  moved.pass(30s);
  settle();
  EXPECT_EQ(looks(one) - before, 3);
}

TEST_F(ServiceTest, ABackOffIsEndedByAnythingButItsOwnNoise) {
  settle();
  host.with([](MemoryHost& h) { h.unreachable = {one.text()}; });
  moved.pass(61s);
  settle();
  while (step() <= moved.now() + 1s) {
    moved.pass(1s);
    settle();
  }
  const Instant before = step();
  service->heard({one});
  EXPECT_EQ(step(), before);
  service->heard({});
  EXPECT_LE(step(), moved.now() + 1s);
}

TEST_F(ServiceTest, ALookThatLastsHoldsUpTheOthersForHalfASecond) {
  settle();
  host.with([](MemoryHost& h) { h.hanging_looks = {one.text()}; });
  moved.pass(61s);
  const int before = looks(one);
  const int others = looks(two);
  step();
  service->quiet_asking();
  step();
  ASSERT_TRUE(host.until([&](const MemoryHost& h) { return h.looks.at(one.text()) > before; }));
  EXPECT_EQ(step(), moved.now() + 500ms);
  EXPECT_EQ(looks(two), others);
  moved.pass(500ms);
  step();
  ASSERT_TRUE(host.until([&](const MemoryHost& h) { return h.looks.at(two.text()) > others; }));
}

TEST_F(ServiceTest, WhatIsStartedBesideEndsAVerifyThatIsBegunAnew) {
  settle();
  moved.jump(false);
  host.with([](MemoryHost& h) { h.unwell = {"v2"}; });
  commit_tag("one", "v2");
  poll();
  ASSERT_TRUE(host.until([](const MemoryHost& h) { return h.checks.contains("v2"); }));
  service->heard({one});
  step();
  service->heard({one, true});
  step();
  host.with([](MemoryHost& h) { h.unwell.clear(); });
  settle();
  EXPECT_THAT(runs(one), ElementsAre("v1: Ready/Succeeded", "v2: Reconciling/Stale plan.stale",
                                     "v2: Ready/Succeeded"));
}

TEST_F(ServiceTest, WhatIsStartedBesideOneThatIsHeldIsStoppedAndNothingElseIsDone) {
  settle();
  host.with([](MemoryHost& h) { h.unwell = {"v2"}; });
  write("one/reconciler.yaml",
        "on_failure: hold\nverify: { stable: 0s, timeout: 5s }\n"
        "environments: { production: { tag: v2 } }\n");
  commit("held");
  moved.pass(30min);
  settle();
  const std::vector<std::string> held{"v1: Ready/Succeeded",
                                      "v2: Stalled/VerifyFailed verify.failed"};
  EXPECT_EQ(runs(one), held);
  calls();
  host.with([](MemoryHost& h) {
    h.beside[one.text()] = "kept";
    h.unwell.clear();
  });
  service->heard({one});  // which is not said to be beside: a person is to answer first
  moved.pass(1s);
  settle();
  EXPECT_THAT(calls(), ElementsAre());
  service->heard({one, true});
  moved.pass(1s);
  settle();
  EXPECT_THAT(calls(), ElementsAre("stop kept"));
  EXPECT_EQ(runs(one).back(), held.back());
  for (int pass = 0; pass < 3; ++pass) {
    moved.pass(61s);
    settle();
  }
  EXPECT_THAT(calls(), ElementsAre());
}

TEST_F(ServiceTest, AStopEndsAllLanes) {
  settle();
  host.with([](MemoryHost& h) { h.hanging_builds = {"v2", "v3"}; });
  commit_tag("one", "v2");
  commit_tag("two", "v3");
  poll();
  ASSERT_TRUE(
      host.until([](const MemoryHost& h) { return std::ranges::count(h.calls, "build v2") == 1; }));
  step();
  ASSERT_TRUE(
      host.until([](const MemoryHost& h) { return std::ranges::count(h.calls, "build v3") == 1; }));
  stop.request_stop();
  service->quiet();
  EXPECT_EQ(runs(one).back(), "v2: Reconciling/Stopped apply.stopped");
  EXPECT_EQ(runs(two).back(), "v3: Reconciling/Stopped apply.stopped");
}

}  // namespace
}  // namespace reconciler::test
