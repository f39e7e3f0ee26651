// From any observed state: apply, then the plan is empty. Planning is deterministic, does not
// depend on the order of facts, and its id changes if and only if an action or the fallback does.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <random>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/plan/render.hpp"
#include "tests/simulation/world.hpp"

namespace reconciler::simulation {
namespace {

/// A state folder in memory (tmpfs), gone with the object.
class Folder {
 public:
  Folder() : path_("/dev/shm/reconciler-property-" + to_hex(random_bytes(8))) {}
  ~Folder() { (void)remove_tree(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

SimService any_service() {
  SimService s;
  s.image = *rc::gen::element<std::string>("a:1", "a:2", "b:1");
  s.config = *rc::gen::element<std::string>("x", "y");
  s.running = *rc::gen::arbitrary<bool>();
  s.healthy = s.running;
  return s;
}

const std::vector<std::string> names{"backend", "db", "nginx", "redis"};

/// Any wish, over any host.
void scramble(World& world) {
  world.wanted.tag = *rc::gen::element<std::string>("v1", "v2");
  world.wanted.has_release = *rc::gen::arbitrary<bool>();
  for (size_t i = 0; i < names.size(); ++i) {
    if (*rc::gen::arbitrary<bool>()) {
      world.wanted.services[names[i]] = any_service();
      for (size_t j = 0; j < i; ++j)
        if (world.wanted.services.contains(names[j]) && *rc::gen::arbitrary<bool>()) {
          world.wanted.needs[names[i]].insert(names[j]);
          if (world.wanted.has_release) world.wanted.required.insert(names[j]);
        }
    }
    if (*rc::gen::arbitrary<bool>()) world.host.services[names[i]] = any_service();
    if (*rc::gen::arbitrary<bool>() && *rc::gen::arbitrary<bool>())
      world.host.kept[names[i]] = any_service();
  }
  for (const std::string image : {"a:1", "a:2", "b:1"})
    if (*rc::gen::arbitrary<bool>()) world.host.images.insert(image);
  if (*rc::gen::arbitrary<bool>())
    world.host.files["current_tag"] = *rc::gen::element<std::string>("v0", "v1", "v2");
}

/// Calls that one plan declares, in order.
std::vector<std::string> declared(const Plan& plan) {
  std::vector<std::string> calls;
  for (const auto& action : plan.actions)
    for (const auto& call : action.work.calls) calls.push_back(call);
  return calls;
}

RC_GTEST_PROP(Plan, ApplyThenPlanIsEmpty, ()) {
  const Folder folder;
  World world(folder.path());
  scramble(world);
  const Plan plan = world.plan();
  auto applied = world.apply(plan);
  if (!applied) RC_FAIL(render(applied.error()));
  const Plan second = world.plan();
  if (!second.empty()) RC_FAIL(render(plan, Page{}) + render(second, Page{}, true));
  RC_ASSERT(world.ledger->memory(world.id)->current.has_value() || plan.empty());
}

// Mending an output, or clearing away, leaves nothing to be verified.
RC_GTEST_PROP(Plan, MendingAnOutputIsAllThatHappens, ()) {
  const Folder folder;
  World world(folder.path());
  scramble(world);
  RC_ASSERT(world.apply(world.plan()).has_value());
  RC_PRE(!world.plan().stalled);
  if (*rc::gen::arbitrary<bool>()) world.host.files["current_tag"] = "edited";
  if (*rc::gen::arbitrary<bool>()) world.host.kept["db"] = any_service();
  const Plan plan = world.plan();
  for (const auto& action : plan.actions)
    RC_ASSERT(action.work.phase == Phase::record || action.work.phase == Phase::prune);
  if (!plan.empty()) RC_ASSERT(world.apply(plan).has_value());
  RC_ASSERT(world.plan().empty());
}

RC_GTEST_PROP(Plan, ApplyMakesTheCallsItDeclared, ()) {
  const Folder folder;
  World world(folder.path());
  scramble(world);
  world.host.calls.clear();
  const Plan plan = world.plan();
  RC_ASSERT(world.apply(plan).has_value());
  auto made = world.host.calls;
  auto wanted = declared(plan);
  // Supply runs in parallel: its calls come in any order, before all others.
  const auto builds = [](std::vector<std::string>& calls) {
    std::sort(calls.begin(),
              std::stable_partition(calls.begin(), calls.end(),
                                    [](const std::string& c) { return c.starts_with("build "); }));
  };
  builds(made);
  builds(wanted);
  RC_ASSERT(made == wanted);
}

RC_GTEST_PROP(Plan, DoesNotDependOnTheOrderOfFacts, ()) {
  const Folder folder;
  World world(folder.path());
  scramble(world);
  const Desired desired = world.desired();
  const Memory memory = *world.ledger->memory(world.id);
  SimDriver driver(world.host, world.wanted);
  Observation seen = *driver.observe(world.id, {}, memory, {}, Deadline(world.clock, Duration(1)));
  const Plan one = make_plan(desired, seen, memory, world.clock.wall());
  std::mt19937 random(*rc::gen::arbitrary<unsigned>());
  std::shuffle(seen.resources.begin(), seen.resources.end(), random);
  const Plan other = make_plan(desired, seen, memory, world.clock.wall() + std::chrono::hours(5));
  RC_ASSERT(canonical(to_json(one)) == canonical(to_json(other)));
}

RC_GTEST_PROP(Plan, IdChangesIfAndOnlyIfAnActionDoes, ()) {
  const Folder folder;
  World world(folder.path());
  scramble(world);
  const Plan before = world.plan();
  // Health, and another look, are in no action.
  for (auto& [name, service] : world.host.services) service.healthy = *rc::gen::arbitrary<bool>();
  RC_ASSERT(world.plan().id == before.id);
  scramble(world);
  const Plan after = world.plan();
  std::vector<std::string> a;
  std::vector<std::string> b;
  for (const auto& action : before.actions) a.push_back(action.key);
  for (const auto& action : after.actions) b.push_back(action.key);
  RC_ASSERT((a == b) == (before.id == after.id));
}

RC_GTEST_PROP(Plan, RunsTheReleaseOfATagOnce, ()) {
  const Folder folder;
  World world(folder.path());
  scramble(world);
  world.wanted.has_release = true;
  for (int i = 0; i < 3; ++i) {
    if (auto applied = world.apply(world.plan()); !applied) RC_FAIL(render(applied.error()));
    for (auto& [name, service] : world.host.services) service = any_service();
  }
  RC_ASSERT(world.host.release_table ==
            (std::vector<std::string>{"start " + world.wanted.tag, "done " + world.wanted.tag}));
}

// Of all that may end Stalled, this world has one: a release that fails.
RC_GTEST_PROP(Plan, AFailedReleaseStallsAndSwitchesNothing, ()) {
  const Folder folder;
  World world(folder.path());
  scramble(world);
  world.wanted.has_release = true;
  world.wanted.release_fails = true;
  const auto before = world.host.services;
  RC_ASSERT(!world.apply(world.plan()).has_value());
  for (const auto& [name, service] : before)
    if (!world.wanted.required.contains(name)) RC_ASSERT(world.host.services.at(name) == service);
  const Plan second = world.plan();
  RC_ASSERT(second.empty());
  RC_ASSERT(second.stalled.has_value());
  RC_ASSERT(second.stalled->reason == "ReleaseFailed");
  RC_ASSERT(world.host.release_table == (std::vector<std::string>{"start " + world.wanted.tag}));
}

}  // namespace
}  // namespace reconciler::simulation
