// Any sequence of deploys, failures, ways back, drift and commits, over the whole loop: what is
// needed to go back is there, state files name only what was well, and it always ends at the
// effective target or with one named stop.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/condition.hpp"
#include "reconciler/reconcile.hpp"
#include "reconciler/rollback.hpp"
#include "tests/simulation/versions.hpp"
#include "tests/simulation/world.hpp"

namespace reconciler::simulation {
namespace {

using namespace std::chrono_literals;

class NoHelper final : public Helper {
 public:
  Result<Json> call(const std::string& verb, const Json&, Duration, std::stop_token) override {
    return failure(error("helper.missing", "nothing is to be asked of it: " + verb));
  }
};

/// A host and a repository that sequences of events happen to.
class Story {
 public:
  Story() : folder_("/dev/shm/reconciler-story-" + to_hex(random_bytes(8))) {
    ledger_ = std::move(*Ledger::open(folder_, clock_));
    (void)drivers_.add(std::make_unique<VersionsDriver>(host));
    asked_.spec.id = id;
    asked_.spec.folder = "app";
    asked_.spec.verify_timeout = 2s;
    asked_.spec.verify_stable = 1s;
    asked_.spec.keep = *rc::gen::inRange(0, 2);
    asked_.config.commit = commit_;
    asked_.config.touched["app"] = {commit_, "a change"};
    export_tree();
    commit("v0");
  }
  ~Story() { (void)remove_tree(folder_); }
  Story(const Story&) = delete;
  Story& operator=(const Story&) = delete;

  void commit(const std::string& tag) {
    asked_.spec.tag = tag;
    asked_.spec.sections =
        JsonObject{{"sim", JsonObject{{"services", to_json(services)}, {"release", true}}}};
  }
  /// As `run` does it: what waits for a person is left alone.
  Result<Reconciled> pass() {
    const auto agree = [&](const Look& seen) -> Result<bool> {
      const auto last = ledger_->last_run(id);
      return condition_of(seen.plan, *last).word == "Reconciling";
    };
    clock_.wait_until(clock_.now() + 1min, {});
    return reconcile(parts(), asked_, "run", agree, silent_, {});
  }
  /// As a person asks for it; what cannot be gone back to is left.
  void rollback() {
    auto all = candidates(parts(), asked_, {});
    if (!all) return;
    for (const auto& one : *all) {
      if (!one.blocked.empty()) continue;
      Asked back = asked_;
      back.instead = Instead{one.tag, "Requested", "anna went back to " + one.tag};
      const auto agree = [](const Look&) -> Result<bool> { return true; };
      (void)reconcile(parts(), back, "anna", agree, silent_, {});
      return;
    }
  }
  void retry() { (void)ledger_->retry(id, "anna"); }
  void suspend() { (void)ledger_->suspend(id, {"anna", "", clock_.wall(), {}}); }
  void resume() { (void)ledger_->resume(id); }
  Look seen() { return *look(parts(), asked_, {}); }
  Condition condition() { return condition_of(seen().plan, *ledger_->last_run(id)); }
  Memory memory() { return *ledger_->memory(id); }

  const EnvironmentId id{"app", "production"};
  const std::vector<std::string> services{"backend", "worker"};
  VersionsHost host;

 private:
  Parts parts() { return {*ledger_, drivers_, helper_, clock_, machine_, folder_}; }
  /// One tree for all: what a version is stands in its manifest.
  void export_tree() const {
    const std::string tree = folder_ + "/trees/app/production/" + commit_;
    (void)make_folders(tree, 0700);
    (void)replace_file(tree + ".index", "[]", 0600);
    const Json about = JsonObject{
        {"commit", commit_}, {"subject", "a change"}, {"folder", "app"}, {"files", JsonObject{}}};
    (void)replace_file(tree + ".about", boost::json::serialize(about), 0600);
  }

  const std::string folder_;
  const std::string commit_ = std::string(40, 'c');
  SimClock clock_;
  std::unique_ptr<Ledger> ledger_;
  Drivers drivers_;
  NoHelper helper_;
  Host machine_;
  Silent silent_;
  Asked asked_;
};

/// Something happens: to the repository, to the host, or at a person's word.
std::string happen(Story& story) {
  auto& host = story.host;
  const std::string tag = "v" + std::to_string(*rc::gen::inRange(0, 5));
  const std::string service = *rc::gen::elementOf(story.services);
  const int what = *rc::gen::inRange(0, 13);
  const auto there = host.services.find(service);
  switch (what) {
    case 0:
    case 1:
      story.commit(tag);
      return "commit " + tag;
    case 2:
      host.unwell.contains(tag) ? (void)host.unwell.erase(tag) : (void)host.unwell.insert(tag);
      return "well or unwell: " + tag;
    case 3:
      host.cannot_build.contains(tag) ? (void)host.cannot_build.erase(tag)
                                      : (void)host.cannot_build.insert(tag);
      return "builds or does not: " + tag;
    case 4:
      host.cannot_release.contains(tag) ? (void)host.cannot_release.erase(tag)
                                        : (void)host.cannot_release.insert(tag);
      return "releases or does not: " + tag;
    case 5:
      if (there != host.services.end()) there->second.up = false;
      return "stopped: " + service;
    case 6:
      if (there != host.services.end()) there->second.edited = true;
      return "edited: " + service;
    case 7:
      host.kept.clear();
      return "kept ones pruned";
    case 8:
      host.current_tag = tag;
      return "state file edited: " + tag;
    case 9:
      story.rollback();
      return "rollback";
    case 10:
      story.retry();
      return "retry";
    case 11:
      story.suspend();
      return "suspend";
    default:
      story.resume();
      return "resume";
  }
}

/// The versions that a way back may need can be made again; nothing is released twice.
void check_what_is_kept(Story& story) {
  const Memory memory = story.memory();
  for (const auto* version : {&memory.current, &memory.previous})
    if (*version)
      for (const auto& service : story.services)
        if (!story.host.images.contains(service + ":" + (*version)->tag))
          RC_FAIL("the image of " + (*version)->tag + " is gone");
  std::set<std::string> once(story.host.released.begin(), story.host.released.end());
  RC_ASSERT(once.size() == story.host.released.size());
}

const std::set<std::string> stops{"Stalled/ReleaseFailed", "Stalled/VerifyFailed",
                                  "Stalled/SupplyFailed",  "Stalled/RollbackFailed",
                                  "Stalled/Flapping",      "Suspended/Requested"};

/// Nobody is left with a version that is not good for want of a way back.
void check_stop(Story& story, const std::string& how, const std::string& told) {
  const Memory memory = story.memory();
  if (!memory.current || how == "Suspended/Requested") return;
  const std::string& good = memory.current->tag;
  // The last good one itself is not well any more: there is nothing else to go to.
  if (how == "Stalled/VerifyFailed" || how == "Stalled/RollbackFailed" ||
      how == "Stalled/Flapping") {
    if (story.seen().plan.to != good) RC_FAIL(how + " beside " + good + "\n" + told);
    return;
  }
  // What could not be supplied, or was not released, is not what runs.
  for (const auto& [name, runs] : story.host.services)
    if (runs.tag != good) RC_FAIL(how + ", and " + name + " is " + runs.tag + "\n" + told);
}

RC_GTEST_PROP(Loop, EndsAtTheEffectiveTargetOrWithANamedStop, ()) {
  Story story;
  std::string told;
  const int events = *rc::gen::inRange(1, 25);
  for (int i = 0; i < events; ++i) {
    told += happen(story) + "\n";
    if (!*rc::gen::arbitrary<bool>()) continue;
    (void)story.pass();
    told += "pass\n";
    check_what_is_kept(story);
    // What was edited by hand is rewritten with the record; nothing else names what was not well.
    if (story.memory().current)
      RC_ASSERT(story.host.verified.contains(story.memory().current->tag));
  }
  // Left alone, it comes to rest.
  bool rests = false;
  for (int i = 0; i < 6 && !rests; ++i) {
    const auto done = story.pass();
    rests = done && !done->changed;
    check_what_is_kept(story);
  }
  const Condition now = story.condition();
  const std::string how = now.word + "/" + now.reason;
  if (!rests) RC_FAIL("it does not come to rest: " + how + ": " + now.why + "\n" + told);
  if (stops.contains(how)) return check_stop(story, how, told);
  const std::string target =
      story.memory().target ? story.memory().target->tag : story.seen().plan.to;
  if (how != "Ready/Succeeded" && now.word != "RolledBack")
    RC_FAIL(how + ": " + now.why + "\n" + told);
  for (const auto& name : story.services) {
    const auto& runs = story.host.services.at(name);
    if (runs.tag != target || !runs.up || runs.edited)
      RC_FAIL(how + ", and " + name + " is " + runs.tag + " where " + target + " is wanted\n" +
              told);
  }
  RC_ASSERT(story.host.current_tag == target);
  RC_ASSERT(story.host.verified.contains(target));
}

}  // namespace
}  // namespace reconciler::simulation
