// Any sequence of deploys, failures, ways back, drift and commits, over the whole loop: what is
// needed to go back is there, state files name only what was well, and it always ends at the
// effective target or with one named stop.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "tests/simulation/story.hpp"

namespace reconciler::simulation {
namespace {

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
  Story story(*rc::gen::inRange(0, 2));
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
  if (now.word != "Ready" && now.word != "RolledBack") RC_FAIL(how + ": " + now.why + "\n" + told);
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
