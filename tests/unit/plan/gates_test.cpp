// What waits for a person before it is performed, and what does not.
#include "reconciler/plan/gates.hpp"

#include <gmock/gmock.h>

#include "reconciler/plan/render.hpp"
#include "tests/unit/plan/seen.hpp"

namespace reconciler {
namespace {

using testing::IsEmpty;

class Gates : public testing::Test {
 protected:
  Gates() { desired.protect = {"db", "redis"}; }
  Plan plan(std::vector<Resource> resources) const {
    return plan_of(std::move(resources), desired, memory);
  }
  static std::string approval(const Plan& plan) {
    return "reconciler approve web/production --plan " + plan.id.substr(0, 6);
  }

  Desired desired = wanted();
  Memory memory = recorded("v1.0.0");
  const Resource new_db = changed("db", {"image", "postgres:15", "postgres:16"});
};

TEST_F(Gates, ReplacingWhatIsProtectedWaitsForAnApproval) {
  const Plan blocked = plan({new_db, as_it_should_be("web")});
  ASSERT_EQ(blocked.closed(), 1);
  EXPECT_TRUE(blocked.waits());
  EXPECT_EQ(blocked.gates[0].opens_when, approval(blocked));
  EXPECT_EQ(render(blocked, Page{}),
            "web/production  v1.0.0 -> v1.1.0   config 4be1d07 \"a change\"\n"
            "\n"
            "  closed  protect    replaces db; opens with: " +
                approval(blocked) +
                "\n"
                "\n"
                "  ~ switch   db   image postgres:15 -> postgres:16  (web stays)\n"
                "  ? verify   2 services\n"
                "  = record   v1.1.0\n"
                "\n"
                "Blocked by 1 gate. Nothing was changed; v1.0.0 runs on.\n");
  Page narrow;
  narrow.width = 60;
  EXPECT_THAT(render(blocked, narrow), testing::HasSubstr("  closed  protect    replaces db\n"
                                                          "                     opens with: " +
                                                          approval(blocked) + "\n"));
}

TEST_F(Gates, WhatOpensItFindsThePlanThatItIsOf) {
  desired.rebuild = true;
  const Plan anew = plan({new_db});
  EXPECT_EQ(anew.gates.at(0).opens_when, approval(anew) + " --rebuild");
}

TEST_F(Gates, AnApprovalOfThatPlanOpensAndChangesNothingOfIt) {
  const Plan blocked = plan({new_db});
  memory.approved = {"another plan's id"};
  EXPECT_EQ(plan({new_db}).closed(), 1);
  memory.approved = approval_of(blocked);
  const Plan open = plan({new_db});
  EXPECT_EQ(open.id, blocked.id);
  EXPECT_FALSE(open.waits());
  EXPECT_THAT(render(open, Page{}), testing::HasSubstr("  open    protect    replaces db\n"));
}

TEST_F(Gates, WhatWasApprovedAndBegunGoesOnThoughThePlanIsAnotherByNow) {
  memory.approved = approval_of(plan({new_db, missing("web")}));
  EXPECT_EQ(plan({new_db}).closed(), 1) << "it was not begun: this is another plan";
  memory.unfinished = desired.digest;
  EXPECT_EQ(plan({new_db}).closed(), 0);
  EXPECT_EQ(plan({new_db, changed("redis", {"command", "", ""})}).closed(), 1)
      << "redis was not in it";
  desired.digest = "digest of v1.2.0";
  EXPECT_EQ(plan({new_db}).closed(), 1) << "that was another target";
}

TEST_F(Gates, WhatStaysTheThingThatItIsWaitsForNobody) {
  EXPECT_THAT(plan({stopped("db")}).gates, IsEmpty());
  EXPECT_THAT(plan({changed("web", {"command", "", ""})}).gates, IsEmpty());
  // Stopped and started with another, not replaced with it.
  Resource web = changed("web", {"command", "", ""});
  web.remedies[Aim::match][0].targets.push_back(service("db"));
  EXPECT_THAT(plan({web, as_it_should_be("db")}).gates, IsEmpty());
  web.remedies[Aim::match][0].anew.push_back(service("db"));
  EXPECT_EQ(plan({web, as_it_should_be("db")}).closed(), 1);
}

TEST_F(Gates, ByHandChangedItWaitsToo) {
  desired.protect = {"db"};
  memory = recorded("v1.1.0");
  EXPECT_EQ(plan({changed("db#2", {"memory limit", "64m", "none"})}).closed(), 1);
}

TEST_F(Gates, MissingItIsMadeAsItWasButNotAsSomethingNew) {
  EXPECT_EQ(plan({missing("db")}).closed(), 1) << "nobody knows whether it is to be the same";
  memory = recorded("v1.1.0");
  EXPECT_THAT(plan({missing("db")}).gates, IsEmpty());
  EXPECT_THAT(plan_of({missing("db")}, desired, {}).gates, IsEmpty()) << "the first deploy";
}

TEST_F(Gates, TheWayBackWaitsForNobody) {
  memory = recorded("v1.1.0");
  memory.target = Target{"v1.1.0", "asked", "v1.2.0", "VerifyFailed", "why", 7, {}};
  memory.unfinished = "digest of v1.2.0";
  EXPECT_THAT(plan({new_db}).gates, IsEmpty());
  memory.unfinished.reset();
  EXPECT_EQ(plan({new_db}).closed(), 1) << "the way back was over: this is by hand";
  memory.target->reason = "Requested";
  memory.target->tag = "v1.0.0";
  EXPECT_THAT(plan({new_db}).gates, IsEmpty()) << "a person chose it, and is shown this plan";
}

TEST_F(Gates, WhatIsNewWaitsWhereAnApprovalIsRequired) {
  desired.protect.clear();
  desired.approval = true;
  const Resource web = changed("web", {"image", "web:1", "web:2"});
  const Plan blocked = plan({web});
  ASSERT_EQ(blocked.closed(), 1);
  EXPECT_EQ(blocked.gates[0].why, "0 of 1");
  EXPECT_EQ(blocked.gates[0].opens_when, approval(blocked));
  EXPECT_EQ(plan_of({missing("web")}, desired, {}).closed(), 1) << "the first deploy is new, too";
  EXPECT_EQ(plan({as_it_should_be("web")}).closed(), 1) << "its tag is another one";
  EXPECT_THAT(plan_of({as_it_should_be("web")}, desired, {}).gates, IsEmpty()) << "taken over";
  memory.approved = approval_of(blocked);
  EXPECT_EQ(plan({web}).closed(), 0);
  EXPECT_EQ(plan({web}).gates[0].why, "1 of 1");
  EXPECT_EQ(plan({web, changed("db", {"command", "", ""})}).closed(), 1) << "that is another plan";
  memory.unfinished = desired.digest;
  EXPECT_EQ(plan({missing("web")}).closed(), 0) << "what was begun is ended";
}

TEST_F(Gates, WhatWasRecordedLastIsNothingNewWhateverWasBegunMeanwhile) {
  desired.protect.clear();
  desired.approval = true;
  memory = recorded("v1.1.0");
  memory.unfinished = "digest of v1.2.0";
  memory.changed_to = "v1.2.0";
  memory.touched = true;
  EXPECT_THAT(plan({changed("web", {"image", "web:2", "web:1"})}).gates, IsEmpty());
}

TEST_F(Gates, PuttingRightWaitsForNoApproval) {
  desired.protect.clear();
  desired.approval = true;
  memory = recorded("v1.1.0");
  EXPECT_THAT(plan({missing("web")}).gates, IsEmpty());
  memory = recorded("v1.1.0");
  memory.target = Target{"v1.1.0", "asked", "v1.2.0", "VerifyFailed", "why", 7, {}};
  memory.unfinished = "digest of v1.2.0";
  EXPECT_THAT(plan({changed("web", {"command", "", ""})}).gates, IsEmpty());
}

TEST_F(Gates, WithoutAWayBackItIsAnotherPlan) {
  Plan blocked = plan({new_db});
  memory.approved = approval_of(blocked);
  Plan open = plan({new_db});
  without_way_back(open, memory, "an image is gone");
  EXPECT_EQ(open.closed(), 1);
  EXPECT_EQ(open.gates[0].opens_when, approval(open));
  EXPECT_NE(approval(open), approval(blocked));
}

}  // namespace
}  // namespace reconciler
