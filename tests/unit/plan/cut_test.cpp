// What a person leaves out of a plan: what it is then, and what it says of itself.
#include "reconciler/plan/cut.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "reconciler/plan/render.hpp"
#include "tests/unit/plan/seen.hpp"

namespace reconciler {
namespace {

using testing::ElementsAre;

Step step(Phase phase, const std::string& name, Once once) {
  Step s;
  s.name = name;
  s.shown = "run " + name;
  s.once = once;
  if (once == Once::tag) s.once_key = "web/production/" + name + "/v1.1.0";
  s.work.phase = phase;
  s.work.verb = to_text(phase);
  s.work.targets = {{"compose", "task", name}};
  return s;
}

class CutTest : public testing::Test {
 protected:
  CutTest() {
    Step site = step(Phase::verify, "site", Once::never);
    site.shown = "https://${SITE}/";
    site.work.verb = "verify";
    desired.steps.push_back(step(Phase::release, "release", Once::tag));
    desired.steps.push_back(step(Phase::after, "static", Once::change));
    desired.steps.push_back(site);
    Resource image = as_it_should_be("image");
    image.observed.clear();
    image.reason = "not on the host";
    image.remedies[Aim::match] = {work_on(image, Phase::supply, "build")};
    Resource web = changed("web", {"image", "web:v1.0.0", "web:v1.1.0"});
    Work prune = work_on(web, Phase::prune, "prune");
    prune.targets = {{"compose", "container", "web.prev"}};
    web.remedies[Aim::match].push_back(prune);
    plan = plan_of({image, web}, desired, recorded("v1.0.0"));
    whole = plan;
  }
  Shortened cut(std::optional<Phase> until, const std::vector<std::string>& skip = {}) {
    auto done = shorten(plan, desired, {until, skip});
    EXPECT_TRUE(done) << (done ? "" : render(done.error()));
    return done.value_or(Shortened{});
  }
  Error refused(std::optional<Phase> until, const std::vector<std::string>& skip = {}) {
    auto done = shorten(plan, desired, {until, skip});
    EXPECT_FALSE(done);
    return done ? Error{} : done.error();
  }
  std::vector<std::string> rows() const {
    std::vector<std::string> all;
    for (const auto& action : plan.actions) all.push_back(action.work.verb + " " + action.title);
    return all;
  }

  Desired desired = wanted();
  Plan plan;
  Plan whole;
};

TEST_F(CutTest, TheWhole) {
  EXPECT_THAT(rows(), ElementsAre("build image", "release release", "switch web", "after static",
                                  "verify 2 services", "verify https://${SITE}/", "record v1.1.0",
                                  "prune web.prev"));
  EXPECT_EQ(plan.fallback, "v1.0.0");
}

TEST_F(CutTest, NothingIsCutOff) {
  for (const auto& done : {cut({}), cut(Phase::prune)}) {
    EXPECT_EQ(done.by, "");
    EXPECT_FALSE(done.unrecorded);
  }
  EXPECT_EQ(plan.id, whole.id);
  EXPECT_EQ(render(plan, Page{}), render(whole, Page{}));
}

TEST_F(CutTest, UntilSwitchLeavesAnUnverifiedVersionAndSaysSo) {
  const auto done = cut(Phase::change);
  EXPECT_THAT(rows(), ElementsAre("build image", "release release", "switch web"));
  EXPECT_TRUE(done.unrecorded);
  EXPECT_TRUE(done.steps_left) << "static has not run";
  EXPECT_EQ(plan.fallback, "v1.0.0") << "what fails before the cut goes back as ever";
  EXPECT_NE(plan.id, whole.id);
  EXPECT_EQ(render(plan, Page{}),
            "web/production  v1.0.0 -> v1.1.0   config 4be1d07 \"a change\"\n\n"
            "  --until switch: v1.1.0 runs, neither verified nor recorded\n"
            "  if it fails before that: back to v1.0.0\n\n"
            "  + build    image     not on the host\n"
            "  ! release  release   not yet run for v1.1.0\n"
            "  ~ switch   web       v1.0.0 -> v1.1.0\n\n"
            "Plan " +
                plan.id.substr(0, 6) + ": 1 to build, 1 release step, 1 service to switch.\n");
}

TEST_F(CutTest, EachPhaseSaysWhatItLeaves) {
  const std::vector<std::pair<Phase, std::string>> all{
      {Phase::supply, "v1.1.0 is supplied, and not begun"},
      {Phase::preflight, "v1.1.0 is supplied, and not begun"},
      {Phase::start, "v1.1.0 is begun, and not switched to"},
      {Phase::release, "v1.1.0 is begun, and not switched to"},
      {Phase::after, "v1.1.0 runs, neither verified nor recorded"},
      {Phase::verify, "v1.1.0 runs and was well, and is not recorded"}};
  for (const auto& [phase, leaves] : all) {
    plan = whole;
    const auto done = cut(phase);
    EXPECT_EQ(done.leaves, leaves);
    EXPECT_TRUE(done.unrecorded);
    EXPECT_EQ(done.steps_left, phase < Phase::after) << to_text(phase);
  }
  plan = whole;
  EXPECT_EQ(cut(Phase::record).leaves, "v1.1.0 is recorded");
  EXPECT_EQ(rows().back(), "record v1.1.0");
}

TEST_F(CutTest, WithoutReleaseStepsNoStepsAreLeftOnlyFromTheSwitchOn) {
  std::erase_if(desired.steps, [](const Step& s) { return s.work.phase != Phase::verify; });
  std::erase_if(whole.actions, [](const Action& a) {
    return a.work.phase == Phase::release || a.work.phase == Phase::after;
  });
  plan = whole;
  EXPECT_TRUE(cut(Phase::supply).steps_left) << "preflight is yet to be run";
  plan = whole;
  EXPECT_FALSE(cut(Phase::change).steps_left);
}

TEST_F(CutTest, WhereNothingIsDueUntilThenThatIsSaid) {
  std::erase_if(plan.actions, [](const Action& a) { return a.work.phase == Phase::supply; });
  cut(Phase::supply);
  EXPECT_TRUE(plan.empty());
  EXPECT_EQ(render(plan, Page{}),
            "web/production  v1.0.0 -> v1.1.0   config 4be1d07 \"a change\"\n\n"
            "  --until supply: nothing is due until then; 7 actions after it\n\nNo changes.\n");
}

TEST_F(CutTest, AReleaseStepThatIsLeftOutStaysDueAndSoTheVersionIsNotRecorded) {
  const auto done = cut({}, {"release"});
  EXPECT_THAT(rows(), ElementsAre("build image", "switch web", "after static", "verify 2 services",
                                  "verify https://${SITE}/"));
  EXPECT_TRUE(done.unrecorded);
  EXPECT_TRUE(done.steps_left);
  EXPECT_EQ(done.by, "--skip release");
  EXPECT_EQ(done.leaves,
            "v1.1.0 runs and was well, and is not recorded; release is left out, and stays due");
}

TEST_F(CutTest, ACheckThatIsLeftOutIsOnlyLeftOut) {
  for (const std::string name : {"site", "https://${SITE}/"}) {
    plan = whole;
    const auto done = cut({}, {name});
    EXPECT_EQ(plan.actions.size(), whole.actions.size() - 1);
    EXPECT_FALSE(done.unrecorded);
    EXPECT_EQ(done.left_out, name);
    EXPECT_EQ(done.leaves, fmt::format("v1.1.0 is recorded; {} is left out", name));
    EXPECT_NE(plan.id, whole.id);
    const auto recorded = without_skipped(desired, done);
    EXPECT_EQ(recorded.steps.size(), desired.steps.size() - 1) << "nobody asked it of that version";
    EXPECT_TRUE(
        std::ranges::none_of(recorded.steps, [](const Step& one) { return one.name == "site"; }));
  }
}

TEST_F(CutTest, BothAtOnce) {
  const auto done = cut(Phase::verify, {"release"});
  EXPECT_EQ(done.by, "--until verify --skip release");
  EXPECT_TRUE(done.steps_left);
}

TEST_F(CutTest, SeveralAtOnce) {
  const auto done = cut({}, {"release", "static", "site"});
  EXPECT_THAT(rows(), ElementsAre("build image", "switch web", "verify 2 services"));
  EXPECT_EQ(done.by, "--skip release --skip static --skip site");
  EXPECT_EQ(done.leaves,
            "v1.1.0 runs and was well, and is not recorded; release and static are left out, and "
            "stay due; site is left out");
  EXPECT_EQ(refused({}, {"release", "nothing"}).code, "cut.step_unknown");
}

TEST_F(CutTest, WhatIsNotDueIsNotLeftOut) {
  std::erase_if(plan.actions, [](const Action& a) { return a.work.phase == Phase::release; });
  EXPECT_EQ(cut({}, {"release"}).by, "");
  EXPECT_EQ(plan.id, whole.id);
}

TEST_F(CutTest, AStepThatThereIsNot) {
  const auto e = refused({}, {"releas"});
  EXPECT_EQ(render(e),
            "error cut.step_unknown: web/production has no step \"releas\" that could be left out\n"
            "  there are  2 services, release, static, https://${SITE}/\n"
            "  next       did you mean release?\n");
}

TEST_F(CutTest, NoVersionIsRecordedThatNothingCalledWell) {
  std::erase_if(desired.steps, [](const Step& s) { return s.name == "site"; });
  std::erase_if(plan.actions, [](const Action& a) { return a.title == "https://${SITE}/"; });
  EXPECT_EQ(render(refused({}, {"2 services"})),
            "error cut.last_check: without 2 services nothing says that v1.1.0 is well, and it "
            "would be recorded all the same\n"
            "  next  reconciler apply web/production --until after\n");
}

TEST_F(CutTest, TheWayBackIsWhole) {
  plan.held = Target{"v1.0.0", "asked", "v1.1.0", "VerifyFailed", "v1.1.0 is not well", 7, {}, ""};
  EXPECT_EQ(
      render(refused(Phase::change)),
      "error cut.held: web/production is held at v1.0.0, and what that takes is done whole or "
      "not at all\n"
      "  next  reconciler apply web/production\n");
}

TEST_F(CutTest, AnApprovalIsOfTheWhole) {
  plan.gates = {{"approval", true, "1 of 1", "", {plan.desired}}};
  cut(Phase::change);
  EXPECT_TRUE(plan.gates[0].open) << "the beginning of what was approved";
  cut({}, {"release"});
  EXPECT_FALSE(plan.gates[0].open);
  EXPECT_EQ(plan.gates[0].why, "1 of 1, and no approval leaves out release");
  EXPECT_EQ(plan.gates[0].opens_when, "reconciler apply web/production, without --skip");
}

TEST(PhaseCalled, ByTheWordsOfPeople) {
  EXPECT_EQ(phase_called("switch"), Phase::change);
  EXPECT_EQ(phase_called("supply"), Phase::supply);
  EXPECT_EQ(phase_called("change"), std::nullopt);
  EXPECT_EQ(phase_called(""), std::nullopt);
}

}  // namespace
}  // namespace reconciler
