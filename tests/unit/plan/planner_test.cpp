#include "reconciler/plan/planner.hpp"

#include <gtest/gtest.h>

#include "reconciler/plan/render.hpp"
#include "tests/unit/plan/seen.hpp"

namespace reconciler {
namespace {

Work work(Phase phase, std::string verb, ResourceId target, std::vector<ResourceId> needs = {}) {
  Work w;
  w.phase = phase;
  w.verb = std::move(verb);
  w.targets = {std::move(target)};
  w.needs = std::move(needs);
  return w;
}

Resource missing_image(const std::string& name) {
  Resource r;
  r.id = image(name);
  r.desired = "inputs";
  r.reason = "not on the host";
  r.differences = {{"image", "", name}};
  r.remedies[Aim::match] = {work(Phase::supply, "build", r.id)};
  return r;
}

Resource same(const std::string& name) {
  Resource r;
  r.id = service(name);
  r.desired = r.observed = "as it should be";
  r.ours = true;
  return r;
}

Resource differing(const std::string& name, Difference how) {
  Resource r = same(name);
  r.observed = "other";
  r.differences = {std::move(how)};
  r.remedies[Aim::match] = {
      work(Phase::change, "switch", r.id, {image("portfolio-" + name + ":v1.1.0")}),
      work(Phase::prune, "prune", {"compose", "container", name + "-1.prev"})};
  return r;
}

Resource stopped_service(const std::string& name) {
  Resource r = same(name);
  r.observed = "stopped";
  r.state = "exited 137";
  r.differences = {{"state", "exited 137", "running"}};
  r.remedies[Aim::run] = {work(Phase::start, "start", r.id)};
  return r;
}

Step release() {
  Step step;
  step.name = step.shown = "release";
  step.once = Once::tag;
  step.once_key = "portfolio/production/release/v1.1.0";
  step.work = work(Phase::release, "release", {"compose", "task", "release"});
  step.work.effect = Effect::once;
  return step;
}

Step check(const std::string& shown) {
  Step step;
  step.name = step.shown = shown;
  step.work = work(Phase::verify, "verify", {"compose", "check", shown});
  return step;
}

Desired wished() {
  Desired d;
  d.id = {"portfolio", "production"};
  d.tag = "v1.1.0";
  d.commit = "c0ffee";
  d.config_commit = "4be1d07aaaaaaaa";
  d.config_subject = "Slugs for projects";
  d.digest = "d";
  d.steps = {release(), check("5 services"), check("https://${SITE_DOMAIN}/")};
  return d;
}

Memory remembered(const std::string& tag) {
  Memory m;
  m.lineage = "lineage";
  m.current = Release{tag, "c0ffee", "of " + tag, {}};
  m.kept = true;
  m.changed_to = tag + "@c0ffee";
  return m;
}

TEST(Planner, ServicesThatChangeTogetherAreCountedEach) {
  Observation seen;
  seen.resources = {differing("backend", {"environment A", "", ""}), same("sidecar")};
  auto& work = seen.resources[0].remedies.at(Aim::match).front();
  work.targets.push_back(seen.resources[1].id);
  const auto text = render(make_plan(wished(), seen, remembered("v1.0.0"), {}), Page{});
  EXPECT_NE(text.find(" 2 services to switch"), std::string::npos) << text;
}

TEST(Planner, ShowsANormalDeploy) {
  Observation seen;
  seen.resources = {
      missing_image("portfolio-backend:v1.1.0"),
      missing_image("portfolio-frontend:v1.1.0"),
      differing("backend", {"image", "portfolio-backend:v1.0.0", "portfolio-backend:v1.1.0"}),
      differing("frontend", {"image", "portfolio-frontend:v1.0.0", "portfolio-frontend:v1.1.0"}),
      same("db"),
      same("nginx")};
  const Plan plan = make_plan(wished(), seen, remembered("v1.0.0"), {});
  std::string text = render(plan, Page{});
  const std::string id = plan.id.substr(0, 6);
  EXPECT_EQ(text,
            "portfolio/production  v1.0.0 -> v1.1.0   config 4be1d07 \"Slugs for projects\"\n"
            "\n"
            "  + build    portfolio-backend:v1.1.0, portfolio-frontend:v1.1.0   not on the host\n"
            "  ! release  release                           not yet run for v1.1.0\n"
            "  ~ switch   backend, frontend                 v1.0.0 -> v1.1.0  (db, "
            "nginx stay)\n"
            "  ? verify   5 services, https://${SITE_DOMAIN}/\n"
            "  = record   v1.1.0\n"
            "  - prune    backend-1.prev, frontend-1.prev   kept until the new one "
            "is verified\n"
            "\n"
            "Plan " +
                id +
                ": 2 to build, 1 release step, 2 services to switch, 2 containers to prune.\n"
                "If it is not well: back to v1.0.0.\n");
}

TEST(Planner, NamesWhatAFailureGoesBackToOrWhyItDoesNot) {
  Observation seen;
  seen.resources = {differing("backend", {"environment A", "", ""})};
  const auto said = [&](const Desired& desired, const Memory& memory) {
    const Plan plan = make_plan(desired, seen, memory, {});
    return plan.fallback.value_or("nothing") + ": " + plan.on_failure;
  };
  const Memory memory = remembered("v1.0.0");
  EXPECT_EQ(said(wished(), memory), "v1.0.0: back to v1.0.0");
  EXPECT_EQ(said(wished(), {}), "nothing: it stays as it is, and says why");
  const std::string stops = "nothing: it stops there; v1.0.0's containers are kept";
  Desired hold = wished();
  hold.on_failure = OnFailure::hold;
  EXPECT_EQ(said(hold, memory), stops + " (on_failure is hold)");
  Desired irreversible = wished();
  irreversible.irreversible = {"v1.1.0"};
  EXPECT_EQ(said(irreversible, memory), stops + " (v1.1.0 is irreversible)");
  irreversible.irreversible = {"v0.9.0", "v1.0.0", "v1.0.5"};
  EXPECT_EQ(said(irreversible, memory), "v1.0.0: back to v1.0.0") << "none of them was tried";
  Memory between = memory;
  between.released = {"v1.0.0", "v1.0.5"};
  EXPECT_EQ(said(irreversible, between),
            stops + " (v1.0.5 is irreversible, and its release was run since)");
  Memory bare = memory;
  bare.kept = false;
  EXPECT_EQ(said(wished(), bare), stops + " (nothing was kept of how v1.0.0 was made)");
  Memory itself = memory;
  itself.current->digest = wished().digest;
  EXPECT_EQ(said(wished(), itself), stops) << "it is the last good one that is healed";
}

TEST(Planner, WhatWasUnwellBeforeAndIsNotTouchedIsNoReasonToGoBack) {
  Observation seen;
  seen.resources = {differing("backend", {"environment A", "", ""}), same("nginx"), same("db")};
  seen.resources[0].health = seen.resources[1].health = Health::unwell;
  seen.resources[1].state = "unhealthy";
  Memory memory = remembered("v1.0.0");
  const Plan plan = make_plan(wished(), seen, memory, {});
  EXPECT_EQ(plan.excused, std::vector{service("nginx")});
  EXPECT_EQ(plan.notices,
            std::vector<std::string>{"unwell before: nginx (unhealthy); it is left as "
                                     "it is and is no reason to go back"});
  seen.resources[1].health = Health::well;
  EXPECT_EQ(make_plan(wished(), seen, memory, {}).id, plan.id) << "health is in no plan's id";
  // In the middle of a change what is unwell may be so by that.
  seen.resources[1].health = Health::unwell;
  memory.touched = true;
  EXPECT_TRUE(make_plan(wished(), seen, memory, {}).excused.empty());
  memory.unwell_before = {service("nginx"), service("db")};
  EXPECT_EQ(make_plan(wished(), seen, memory, {}).excused, std::vector{service("nginx")});
  EXPECT_EQ(make_plan(wished(), seen, memory, {}).id, plan.id);
}

/// Before the switch, too: Django reads its list of static files when it starts.
TEST(Planner, OnTheWayBackStepsComeWhereTheManifestHasThem) {
  Observation seen;
  seen.resources = {differing("backend", {"environment A", "", ""})};
  Step files = release();
  files.name = files.shown = "static";
  files.once = Once::change;
  files.once_key.clear();
  Desired desired = wished();
  desired.steps = {files, check("5 services")};
  Memory memory = remembered("v1.1.0");
  memory.target = Target{"v1.1.0", "asked", "v1.2.0", "VerifyFailed", "why", 7, {}, "v1.2.0"};
  memory.unfinished = "another digest";
  memory.changed_to = "begun:v1.2.0@c0ffee";
  const Plan plan = make_plan(desired, seen, memory, {});
  std::vector<Phase> phases;
  for (const auto& action : plan.actions) phases.push_back(action.work.phase);
  EXPECT_EQ(phases, (std::vector{Phase::release, Phase::change, Phase::verify, Phase::record,
                                 Phase::prune}));
  EXPECT_EQ(plan.from, "v1.2.0");
  EXPECT_EQ(plan.to, "v1.1.0");
  EXPECT_FALSE(plan.fallback);
}

TEST(Planner, SecondLookFindsNothing) {
  Observation seen;
  seen.resources = {same("backend"), same("db")};
  Memory memory = remembered("v1.1.0");
  memory.once["portfolio/production/release/v1.1.0"] = Fate::succeeded;
  const Plan plan = make_plan(wished(), seen, memory, {});
  EXPECT_TRUE(plan.empty());
  EXPECT_EQ(
      render(plan, Page{}),
      "portfolio/production  v1.1.0   config 4be1d07 \"Slugs for projects\"\n\nNo changes.\n");
}

TEST(Planner, StartsWhatTheReleaseDependsOnAndLeavesTheRestForTheSwitch) {
  Observation seen;
  seen.resources = {stopped_service("db"), stopped_service("nginx"),
                    differing("redis", {"command", "", ""})};
  Desired desired = wished();
  desired.required = {service("db"), service("redis")};
  const Plan plan = make_plan(desired, seen, remembered("v1.0.0"), {});
  std::vector<std::string> order;
  for (const auto& a : plan.actions)
    order.push_back(std::string(to_text(a.work.phase)) + " " + a.work.verb + " " + a.title);
  EXPECT_EQ(order, (std::vector<std::string>{"start start db", "release release release",
                                             "switch start nginx", "switch switch redis",
                                             "verify verify 5 services",
                                             "verify verify https://${SITE_DOMAIN}/",
                                             "record record v1.1.0", "prune prune redis-1.prev"}));
}

TEST(Planner, HealingOneServiceNamesItAndRunsNoRelease) {
  Observation seen;
  seen.resources = {same("backend"), stopped_service("db")};
  Memory memory = remembered("v1.1.0");
  memory.once["portfolio/production/release/v1.1.0"] = Fate::succeeded;
  const Plan plan = make_plan(wished(), seen, memory, {});
  ASSERT_EQ(plan.actions.size(), 4U);
  EXPECT_EQ(plan.actions[0].work.verb + " " + plan.actions[0].title, "start db");
  EXPECT_EQ(plan.actions[0].reason, "state exited 137 -> running");
}

TEST(Planner, AsksWhenNobodyKnows) {
  Memory memory = remembered("v1.0.0");
  memory.once["portfolio/production/release/v1.1.0"] = Fate::unknown;
  Observation seen;
  seen.resources = {
      differing("backend", {"image", "portfolio-backend:v1.0.0", "portfolio-backend:v1.1.0"})};
  const Plan plan = make_plan(wished(), seen, memory, {});
  EXPECT_TRUE(plan.empty());
  EXPECT_EQ(render(plan, Page{}),
            "portfolio/production  v1.0.0 -> v1.1.0   config 4be1d07 \"Slugs for projects\"\n"
            "\n"
            "  Stalled/ReleaseOutcomeUnknown: nobody can know whether release succeeded for "
            "v1.1.0: the machine or Docker went away while it ran, or its container was removed\n"
            "  next  look, then: reconciler settle portfolio/production release succeeded|not-run\n"
            "\n"
            "Nothing was changed.\n");
}

TEST(Planner, RemovesNothingThatIsNotOurs) {
  Resource stranger;
  stranger.id = {"compose", "container", "theirs"};
  stranger.observed = "there";
  stranger.remedies[Aim::remove] = {work(Phase::prune, "prune", stranger.id)};
  Observation seen;
  seen.resources = {stranger};
  Memory memory = remembered("v1.1.0");
  memory.once["portfolio/production/release/v1.1.0"] = Fate::succeeded;
  EXPECT_TRUE(make_plan(wished(), seen, memory, {}).empty());
  seen.resources[0].ours = true;
  EXPECT_EQ(make_plan(wished(), seen, memory, {}).actions.size(), 1U);
}

}  // namespace
}  // namespace reconciler
