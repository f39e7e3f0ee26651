// One environment of a simulated host with the real planner, executor and ledger around it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "reconciler/apply/executor.hpp"
#include "reconciler/apply/recovery.hpp"
#include "reconciler/driver/registry.hpp"
#include "reconciler/ledger/ledger.hpp"
#include "reconciler/plan/planner.hpp"
#include "tests/simulation/driver.hpp"

namespace reconciler::simulation {

/// Time that moves only when someone waits.
class SimClock final : public Clock {
 public:
  Instant now() const override { return now_; }
  WallTime wall() const override {
    return WallTime(std::chrono::seconds(1'700'000'000)) + shifted_ +
           std::chrono::floor<std::chrono::seconds>(now_.time_since_epoch());
  }
  /// Somebody sets the wall clock; no timeout knows of it.
  void shift(std::chrono::seconds by) { shifted_ += by; }
  bool wait_until(Instant until, std::stop_token stop) override {
    now_ = std::max(now_, until);
    passed();
    return !stop.stop_requested();
  }
  /// Called whenever time has passed.
  std::function<void()> passed = [] {};

 private:
  Instant now_{};
  std::chrono::seconds shifted_{};
};

class Silent final : public Events {
 public:
  void started(const Action&) override {}
  void line(const Action&, std::string_view) override {}
  void finished(const Action&, Duration, std::string_view) override {}
  void failed(const Action&, Duration, std::string_view, const std::vector<std::string>&) override {
  }
};

/// Owns everything; `state` is a folder of the test's.
class World {
 public:
  explicit World(const std::string& folder) : state(folder) {
    auto opened = Ledger::open(state, clock);
    if (!opened) throw std::runtime_error(render(opened.error()));
    ledger = std::move(*opened);
    if (auto added = drivers.add(std::make_unique<SimDriver>(host, wanted)); !added)
      throw std::runtime_error(render(added.error()));
  }

  Desired desired() {
    SimDriver driver(host, wanted);
    Request request;
    request.id = id;
    request.tag = wanted.tag;
    auto prepared = driver.prepare(request, {}, Deadline(clock, Duration(1000)));
    Desired d;
    d.id = id;
    d.tag = wanted.tag;
    d.commit = "c-" + wanted.tag;
    d.digest = prepared->digest;
    d.steps = prepared->steps;
    d.required = prepared->required;
    return d;
  }

  Plan plan() {
    const Desired d = desired();
    const Memory memory = *ledger->memory(id);
    SimDriver driver(host, wanted);
    return make_plan(d, *driver.observe(id, {}, memory, {}, Deadline(clock, Duration(1000))),
                     memory, clock.wall());
  }

  Status apply(const Plan& plan) {
    Executor executor({drivers, *ledger, clock, silent, state});
    auto applied = executor.apply(plan, desired(), {}, "test", {});
    if (!applied) return failed(applied);
    if (applied->why) return failure(std::move(*applied->why));
    return {};
  }

  std::string state;
  SimClock clock;
  SimHost host;
  SimWanted wanted;
  EnvironmentId id{"app", "production"};
  Drivers drivers;
  std::unique_ptr<Ledger> ledger;
  Silent silent;
};

}  // namespace reconciler::simulation
