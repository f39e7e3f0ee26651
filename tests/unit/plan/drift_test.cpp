// What differs though nothing new is asked for; and a person's stop.
#include "reconciler/plan/drift.hpp"

#include <gmock/gmock.h>

#include "reconciler/plan/render.hpp"
#include "tests/unit/plan/seen.hpp"

namespace reconciler {
namespace {

using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr const char* header = "web/production  v1.1.0   config 4be1d07 \"a change\"\n\n";

class Drift : public testing::Test {
 protected:
  Plan plan(std::vector<Resource> resources, WallTime now = {}) const {
    return plan_of(std::move(resources), desired, memory, now);
  }
  static std::string called(const Plan& plan) {
    std::string all;
    for (const auto& a : plan.actions) all += a.work.verb + " " + a.title + ";";
    return all;
  }

  Desired desired = wanted();
  Memory memory = recorded("v1.1.0");
  const Resource blue = changed("web", {"environment COLOUR", "blue", "red"});
};

TEST_F(Drift, ReportedIsNamedFieldByFieldAndLeftAlone) {
  desired.heal = false;
  Resource db = changed("db", {"environment PASSWORD", "", ""});
  db.differences.push_back({"memory limit", "64m", ""});
  const Plan reported = plan({blue, db, missing("redis")});
  EXPECT_TRUE(reported.empty());
  EXPECT_FALSE(reported.waits());
  EXPECT_EQ(render(reported, Page{}),
            std::string(header) +
                "  drift    db      environment PASSWORD differs\n"
                "  drift    db      memory limit is 64m, wanted none\n"
                "  drift    redis   not there\n"
                "  drift    web     environment COLOUR is blue, wanted red\n"
                "\n"
                "No changes: what differs is left as it is (drift: report).\n");
}

TEST_F(Drift, ReportedOrNotWhatIsOursToWriteIsWritten) {
  desired.heal = false;
  Resource kept = as_it_should_be("web-1.prev");
  kept.desired.clear();
  kept.remedies[Aim::remove] = {work_on(kept, Phase::prune, "prune")};
  const Plan both = plan({blue, edited_state_file(), kept});
  EXPECT_EQ(called(both), "record current_tag v1.1.0;prune web-1.prev;");
  EXPECT_EQ(both.reported.size(), 1U);
}

TEST_F(Drift, WhatIsAskedForAnewIsDoneWhereDriftIsOnlyReported) {
  desired.heal = false;
  desired.digest = "another environment for web";
  EXPECT_THAT(plan({blue}).reported, IsEmpty());
  EXPECT_EQ(called(plan({blue})), "switch web;verify 2 services;record v1.1.0;");
  desired = wanted();
  desired.heal = false;
  memory.unfinished = desired.digest;
  EXPECT_EQ(called(plan({blue})), "switch web;verify 2 services;record v1.1.0;")
      << "what was begun is brought to its end";
}

TEST_F(Drift, WhatIsLeftOfAPlanThatStopsWhatIsNotToBeThereIsAPlanOfItsOwn) {
  Resource kept = as_it_should_be("web-1.prev");
  kept.desired.clear();
  kept.differences = {{"state", "running", "stopped"}};
  kept.remedies[Aim::remove] = {work_on(kept, Phase::change, "stop")};
  Observation seen;
  seen.resources = {blue, kept};
  const Plan whole = make_plan(desired, seen, memory, {});
  EXPECT_EQ(called(whole), "switch web;stop web-1.prev;verify 2 services;record v1.1.0;");
  EXPECT_FALSE(whole.drifted.empty());
  Plan part = whole;
  keep_what_stops(part, seen);
  EXPECT_EQ(called(part), "stop web-1.prev;");
  EXPECT_THAT(part.drifted, IsEmpty());
  EXPECT_NE(part.id, whole.id);
}

TEST_F(Drift, UnwellAloneIsLeftAlone) {
  Resource web = as_it_should_be("web");
  web.health = Health::unwell;
  EXPECT_EQ(render(plan({web}), Page{}), std::string(header) + "No changes.\n");
}

TEST_F(Drift, WhatIsPutRightIsCountedByThingAndField) {
  EXPECT_THAT(plan({blue, missing("db"), edited_state_file()}).drifted,
              UnorderedElementsAre(
                  Pair(service("web"), "environment COLOUR"), Pair(service("db"), "not there"),
                  Pair(ResourceId{"files", "file", "current_tag"}, "current_tag")));
  desired.digest = "something new";
  EXPECT_THAT(plan({blue}).drifted, IsEmpty());
}

TEST_F(Drift, AfterTheThirdReturnItIsNamedAndNothingIsTouched) {
  const auto colour = std::pair(service("web"), std::string("environment COLOUR"));
  memory.returns[colour] = 2;
  EXPECT_EQ(called(plan({blue})), "switch web;verify 2 services;record v1.1.0;");
  memory.returns[colour] = 3;
  const Plan stalled = plan({blue, stopped("db")});
  EXPECT_TRUE(stalled.empty());
  EXPECT_THAT(stalled.drifted, UnorderedElementsAre(colour));
  EXPECT_EQ(render(stalled, Page{}),
            std::string(header) +
                "  Stalled/Flapping: web (environment COLOUR) is changed again after having been "
                "put right 3 times, and nothing is touched any more\n"
                "  next  find out who changes it, then: reconciler retry web/production\n"
                "\n"
                "Nothing was changed.\n");
  EXPECT_EQ(called(plan({stopped("db")})), "start db;verify 2 services;record v1.1.0;")
      << "it does not differ now";
  EXPECT_TRUE(plan({changed("web", {"command", "", ""})}).stalled == std::nullopt)
      << "another field of it";
  desired.digest = "something new";
  EXPECT_FALSE(plan({blue}).stalled) << "git asks for something else";
}

TEST_F(Drift, WhatIsLeftAloneIsSaidBesideWhatIsAskedFor) {
  const auto colour = std::pair(service("web"), std::string("environment COLOUR"));
  memory.returns[colour] = most_put_right;
  desired.digest = "something new";
  desired.approval = true;
  EXPECT_THAT(plan({blue}).left_alone, IsEmpty()) << "it is put right still";
  memory.returns[colour] = most_put_right + 1;
  const Plan blocked = plan({blue});
  EXPECT_THAT(blocked.left_alone, testing::ElementsAre("web (environment COLOUR)"));
  EXPECT_THAT(
      render(blocked, Page{}),
      testing::AllOf(
          testing::HasSubstr(
              "\n  left     web (environment COLOUR), having come back after it was "
              "put right 3 times\n"
              "           find out who changes it, then: reconciler retry web/production\n"),
          testing::EndsWith("Blocked by 1 gate. Nothing was changed.\n")));
}

TEST_F(Drift, TheWayBackIsNoDrift) {
  memory.target = Target{"v1.1.0", "asked", "v1.2.0", "VerifyFailed", "why", 7, {}};
  memory.unfinished = desired.digest;
  EXPECT_THAT(plan({blue}).drifted, IsEmpty());
  memory.unfinished.reset();
  EXPECT_THAT(plan({blue}).drifted, testing::SizeIs(1)) << "drift from the last good version";
}

TEST_F(Drift, SuspendedItShowsWhatWouldBeDoneAndDoesNothing) {
  const WallTime now(std::chrono::seconds(1'795'258'800));
  using std::chrono::hours;
  memory.suspended = Suspension{"anna", "moving the disks", now, now + hours(2)};
  const Plan suspended = plan({blue}, now + hours(1));
  EXPECT_TRUE(suspended.waits());
  EXPECT_EQ(
      render(suspended, Page{}),
      std::string(header) +
          "  suspended  by anna since 2026-11-21T11:00:00Z until 2026-11-21T13:00:00Z: moving "
          "the disks\n"
          "             ends with: reconciler resume web/production\n"
          "\n"
          "  ~ switch   web   environment COLOUR blue -> red\n"
          "  ? verify   2 services\n"
          "  = record   v1.1.0\n"
          "\n"
          "Suspended. Nothing was changed; v1.1.0 runs on.\n");
  EXPECT_FALSE(plan({blue}, now + hours(2)).waits()) << "it ends by itself";
  EXPECT_EQ(plan({blue}, now + hours(2)).id, suspended.id);
  memory.suspended->until.reset();
  EXPECT_TRUE(plan({blue}, now + hours(1000)).waits());
}

}  // namespace
}  // namespace reconciler
