// Two environments of one host, any sequence of deploys and failures: what an environment counts on
// is on the host, and what nobody counts on is not.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/ledger/ledger.hpp"
#include "reconciler/plan/planner.hpp"
#include "reconciler/plan/retention.hpp"
#include "tests/simulation/world.hpp"

namespace reconciler::simulation {
namespace {

struct Deploy {
  int environment;
  int tag;
  bool fails;
};

ResourceId image_of(const std::string& tag) {
  return {"images", "image", "app:" + tag};
}

/// A host on which images are made, and removed as plans say.
class SharedHost {
 public:
  explicit SharedHost(const std::vector<int>& keeps) : keeps_(keeps), own_(keeps.size()) {
    ledger_ = std::move(*Ledger::open(folder_, clock_));
  }
  SharedHost(const SharedHost&) = delete;
  SharedHost& operator=(const SharedHost&) = delete;
  ~SharedHost() { (void)remove_tree(folder_); }

  void deploy(const Deploy& how) {
    clock_.wait_until(clock_.now() + std::chrono::seconds(10), {});
    const EnvironmentId id{"app", how.environment == 0 ? "production" : "stage"};
    const std::string tag = "v" + std::to_string(how.tag);
    Desired desired;
    desired.id = id;
    desired.tag = tag;
    desired.keep = keeps_.at(static_cast<size_t>(how.environment));
    Memory memory = *ledger_->memory(id);
    memory.outdated = retention(desired, memory).artifacts;
    std::erase_if(memory.outdated,
                  [&](const auto& one) { return !ledger_->claims(id, {one.first})->empty(); });
    const Plan plan = make_plan(desired, look(tag, memory), memory, clock_.wall());
    const RunId run = *ledger_->begin_run(run_of(plan, "test"));
    RC_ASSERT(ledger_->claim(id, tag, plan.artifacts).has_value());
    images_.insert(tag);
    expect(how, tag);
    if (how.fails) return;
    const Release release{tag, "", "", clock_.wall()};
    RC_ASSERT(ledger_->record(run, release, {}).has_value());
    RC_ASSERT(ledger_->release(id, plan.released).has_value());
    for (const auto& action : plan.actions) {
      if (action.work.phase != Phase::prune) continue;
      images_.erase(action.title.substr(4));
      RC_ASSERT(ledger_->forget(id, action.work.targets.at(0)).has_value());
    }
  }

  /// Nothing that is counted on is gone, and nothing else is there.
  void check() const {
    std::set<std::string> counted;
    for (const auto& own : own_) {
      counted.insert(own.kept.begin(), own.kept.end());
      counted.insert(own.tried.begin(), own.tried.end());
    }
    RC_ASSERT(images_ == counted);
  }
  /// So that a failure is always one of a version that is new to the environment.
  bool had(const Deploy& how) const {
    return own_.at(static_cast<size_t>(how.environment))
        .ever.contains("v" + std::to_string(how.tag));
  }

 private:
  Observation look(const std::string& tag, const Memory& memory) const {
    Observation seen;
    Resource wanted;
    wanted.id = image_of(tag);
    wanted.desired = wanted.observed = "there";
    wanted.artifact = wanted.ours = true;
    wanted.inputs = "inputs of " + tag;
    seen.resources.push_back(wanted);
    for (const auto& [id, how] : memory.outdated) {
      if (!images_.contains(id.name.substr(4))) continue;
      Resource r;
      r.id = id;
      r.observed = "there";
      r.artifact = r.ours = true;
      Work work;
      work.phase = Phase::prune;
      work.verb = "prune";
      work.targets = {id};
      r.remedies[Aim::remove] = {work};
      seen.resources.push_back(r);
    }
    return seen;
  }
  /// The same, as somebody would say it who knows nothing of how it is done.
  void expect(const Deploy& how, const std::string& tag) {
    Own& own = own_.at(static_cast<size_t>(how.environment));
    if (how.fails) {
      own.tried.insert(tag);
      return;
    }
    const bool another = own.kept.empty() || own.kept.front() != tag;
    if (another)
      own.tried.clear();  // the version that they were tried in the place of is not current now
    own.ever.insert(tag);
    std::erase(own.kept, tag);
    own.kept.insert(own.kept.begin(), tag);
    const auto most = static_cast<size_t>(2 + keeps_.at(static_cast<size_t>(how.environment)));
    if (own.kept.size() > most) own.kept.resize(most);
  }

  struct Own {
    std::vector<std::string> kept;  ///< current, previous, and what it keeps besides
    std::set<std::string> tried;
    std::set<std::string> ever;  ///< recorded
  };

  std::string folder_ = "/dev/shm/reconciler-retention-" + to_hex(random_bytes(8));
  SimClock clock_;
  std::unique_ptr<Ledger> ledger_;
  std::vector<int> keeps_;
  std::vector<Own> own_;
  std::set<std::string> images_;
};

RC_GTEST_PROP(RetentionProperty, WhatIsCountedOnIsThereAndNothingElseIs, ()) {
  SharedHost host({*rc::gen::inRange(0, 3), *rc::gen::inRange(0, 3)});
  for (int steps = *rc::gen::inRange(1, 14); steps > 0; --steps) {
    Deploy how{*rc::gen::inRange(0, 2), *rc::gen::inRange(0, 6), *rc::gen::inRange(0, 4) == 0};
    how.fails = how.fails && !host.had(how);
    host.deploy(how);
    host.check();
  }
}

}  // namespace
}  // namespace reconciler::simulation
