// `run` under a clock that the test moves, over a host in memory and a real repository.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <optional>

#include "reconciler/service/service.hpp"
#include "tests/unit/git/fixture.hpp"
#include "tests/unit/service/host.hpp"

namespace reconciler::test {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;

inline const EnvironmentId one{"one", "production"};
inline const EnvironmentId two{"two", "production"};

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
    providers.emplace(about, ledger->key(), ledger->lineage(), state, moved);
    service.emplace(
        Parts{*ledger, none, helper, moved, about, state, *providers}, [this] { return drivers(); },
        log);
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
  std::optional<Providers> providers;
  std::stop_source stop;
  int lanes_made = 0;
  std::optional<Service> service;
};

}  // namespace reconciler::test
