// Which moves follow from where a service stands.
#include "plugins/docker/services/group.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace reconciler::docker {
namespace {

using Texts = std::vector<std::string>;

class Moves : public testing::Test {
 protected:
  Seen seen(const std::string& name, const std::string& state) {
    Seen one;
    one.id = name + "-id";
    one.name = name;
    one.inspect = JsonObject{
        {"Id", one.id},
        {"State", JsonObject{{"Status", state},
                             {"StartedAt", state == "created" ? "0001-01-01T00:00:00Z"
                                                              : "2026-01-01T00:00:00Z"}}},
        {"HostConfig", JsonObject{{"RestartPolicy", JsonObject{{"Name", "always"}}}}}};
    return one;
  }
  std::vector<Move> moves(Prev prev = Prev::drop) {
    Group group;
    group.members.push_back({.place = &place_, .prev = prev, .networks = {"a_default", "a_back"}});
    return moves_of(group);
  }
  Texts match(Prev prev = Prev::drop) { return declared(moves(prev)); }

  Container wanted_{.service = "web",
                    .number = 1,
                    .name = "a-web-1",
                    .config = {},
                    .endpoints = {},
                    .depends_on = {},
                    .job = false,
                    .platform = "",
                    .files = {},
                    .post_start = {},
                    .pre_stop = {},
                    .fingerprint = "of web"};
  Place place_{.wanted = &wanted_, .strays = {}, .image_id = "", .differences = {}, .pre_stop = {}};
  const std::vector<Difference> different_{{"environment A", "", ""}};
};

TEST_F(Moves, FirstCreation) {
  EXPECT_EQ(match(),
            (Texts{"POST /containers/create a-web-1", "POST /networks/connect a_back a-web-1",
                   "POST /containers/start a-web-1"}));
}

TEST_F(Moves, ASwitchIsInTheOrderThatADyingDaemonCannotHurt) {
  const Seen current = seen("a-web-1", "running");
  place_.current = &current;
  place_.differences = different_;
  EXPECT_EQ(
      match(),
      (Texts{"POST /containers/create a-web-1.next", "POST /networks/connect a_back a-web-1.next",
             "POST /containers/stop a-web-1", "POST /containers/rename a-web-1 a-web-1.prev",
             "POST /containers/rename a-web-1.next a-web-1", "POST /containers/update a-web-1.prev",
             "POST /containers/start a-web-1"}));
  EXPECT_TRUE(leaves("a-web-1.prev", place_.prev != nullptr, moves()));
}

TEST_F(Moves, WithAGoodPrevTheUnwellOneAloneIsReplaced) {
  const Seen current = seen("a-web-1", "running");
  const Seen prev = seen("a-web-1.prev", "exited");
  place_.current = &current;
  place_.prev = &prev;
  place_.differences = different_;
  EXPECT_EQ(match(Prev::keep),
            (Texts{"POST /containers/create a-web-1.next",
                   "POST /networks/connect a_back a-web-1.next", "POST /containers/stop a-web-1",
                   "DELETE /containers a-web-1", "POST /containers/rename a-web-1.next a-web-1",
                   "POST /containers/update a-web-1.prev", "POST /containers/start a-web-1"}));
  EXPECT_EQ(match(Prev::drop)[0], "DELETE /containers a-web-1.prev");
}

TEST_F(Moves, ACutSwitchGoesOnWhereItWasCut) {
  const Seen next = seen("a-web-1.next", "created");
  const Seen prev = seen("a-web-1.prev", "exited");
  place_.next = &next;
  place_.next_is_right = true;
  place_.prev = &prev;
  EXPECT_EQ(match(),
            (Texts{"POST /containers/rename a-web-1.next a-web-1",
                   "POST /containers/update a-web-1.prev", "POST /containers/start a-web-1"}));
  const Seen current = seen("a-web-1", "created");
  place_.next = nullptr;
  place_.next_is_right = false;
  place_.current = &current;
  EXPECT_EQ(match(),
            (Texts{"POST /containers/update a-web-1.prev", "POST /containers/start a-web-1"}));
}

TEST_F(Moves, ANextThatIsNotRightIsMadeAgain) {
  const Seen current = seen("a-web-1", "running");
  const Seen next = seen("a-web-1.next", "created");
  place_.current = &current;
  place_.next = &next;
  place_.differences = different_;
  EXPECT_EQ(match()[0], "DELETE /containers a-web-1.next");
  EXPECT_EQ(match()[1], "POST /containers/create a-web-1.next");
}

TEST_F(Moves, WhatNeverRanIsMadeInPlace) {
  const Seen current = seen("a-web-1", "created");
  place_.current = &current;
  place_.differences = different_;
  EXPECT_EQ(match(),
            (Texts{"DELETE /containers a-web-1", "POST /containers/create a-web-1",
                   "POST /networks/connect a_back a-web-1", "POST /containers/start a-web-1"}));
}

TEST_F(Moves, AStoppedOrPausedOneIsStartedAsItIs) {
  const Seen stopped = seen("a-web-1", "exited");
  place_.current = &stopped;
  EXPECT_EQ(match(), Texts{"POST /containers/start a-web-1"});
  const Seen paused = seen("a-web-1", "paused");
  place_.current = &paused;
  EXPECT_EQ(match(), Texts{"POST /containers/unpause a-web-1"});
}

TEST_F(Moves, ItHasItsNameWhenItsHooksAreThrough) {
  wanted_.post_start = {JsonObject{}};
  const Texts through = {"POST /containers/exec a-web-1.next", "POST /exec/start a-web-1.next",
                         "POST /containers/rename a-web-1.next a-web-1"};
  const auto ends_so = [&](const Texts& all, const Texts& before) {
    Texts whole = before;
    whole.insert(whole.end(), through.begin(), through.end());
    EXPECT_EQ(all, whole);
  };
  ends_so(match(),
          {"POST /containers/create a-web-1.next", "POST /networks/connect a_back a-web-1.next",
           "POST /containers/start a-web-1.next"});
  const Seen stopped = seen("a-web-1", "exited");
  place_.current = &stopped;
  ends_so(match(),
          {"POST /containers/rename a-web-1 a-web-1.next", "POST /containers/start a-web-1.next"});
  const Seen current = seen("a-web-1", "running");
  place_.current = &current;
  place_.differences = different_;
  ends_so(match(),
          {"POST /containers/create a-web-1.next", "POST /networks/connect a_back a-web-1.next",
           "POST /containers/stop a-web-1", "POST /containers/rename a-web-1 a-web-1.prev",
           "POST /containers/update a-web-1.prev", "POST /containers/start a-web-1.next"});
  const Seen started = seen("a-web-1.next", "running");
  place_.current = &started;
  place_.differences = {{"post_start hooks", "not through", "run"}};
  ends_so(match(), {});
  const Seen ended = seen("a-web-1.next", "exited");
  place_.current = &ended;
  ends_so(match(), {"POST /containers/start a-web-1.next"});
}

/// Of one that runs under `.next`, with hooks that are not through.
class DueHooks : public Moves {
 protected:
  DueHooks() {
    wanted_.post_start = {JsonObject{}};
    place_.current = &started_;
    place_.differences = {{"post_start hooks", "not through", "run"}};
  }
  const Texts through_ = {"POST /containers/exec a-web-1.next", "POST /exec/start a-web-1.next",
                          "POST /containers/rename a-web-1.next a-web-1"};
  Texts then_through(Texts first) const {
    first.insert(first.end(), through_.begin(), through_.end());
    return first;
  }
  const Seen started_ = seen("a-web-1.next", "running");
  const Seen kept_ = seen("a-web-1.prev", "exited");
};

TEST_F(DueHooks, AKeptOneThatSomebodyStartedBesideIsStopped) {
  const Seen prev = seen("a-web-1.prev", "running");
  place_.prev = &prev;
  EXPECT_EQ(match(), then_through({"POST /containers/stop a-web-1.prev"}));
}

TEST_F(DueHooks, AJobThatIsThroughIsNotRunAgainForThem) {
  wanted_.job = true;
  const Seen ended = seen("a-web-1.next", "exited");
  place_.current = &ended;
  EXPECT_EQ(match(), Texts{"POST /containers/rename a-web-1.next a-web-1"});
}

TEST_F(DueHooks, UnderTheNameOfBeforeItIsRenamedAndSeenThrough) {
  const Seen before = seen("old.next", "running");
  place_.current = &before;
  EXPECT_EQ(match(), then_through({"POST /containers/rename old.next a-web-1.next"}));
}

TEST_F(DueHooks, WhatFollowsItDoesNotGiveItTheNameOfOneThatIsGood) {
  place_.prev = &kept_;
  place_.differences.push_back({"environment A", "", ""});
  EXPECT_EQ(
      match(Prev::keep),
      then_through(
          {"POST /containers/stop a-web-1.next", "DELETE /containers a-web-1.next",
           "POST /containers/create a-web-1.next", "POST /networks/connect a_back a-web-1.next",
           "POST /containers/update a-web-1.prev", "POST /containers/start a-web-1.next"}));
}

TEST_F(DueHooks, AsItIsItRunsAlready) {
  place_.differences.push_back({"environment A", "", ""});
  Group group;
  group.members.push_back({.place = &place_, .networks = {}});
  EXPECT_EQ(declared(moves_as_it_is(group)), Texts{});
  const Seen stopped = seen("a-web-1", "exited");
  place_.current = &stopped;
  EXPECT_EQ(declared(moves_as_it_is(group)), Texts{"POST /containers/start a-web-1"});
}

TEST_F(Moves, OnlyWhatWasDeclaredAndInItsOrder) {
  const Texts plan = {"a", "b", "c"};
  EXPECT_TRUE(all_declared({}, plan));
  EXPECT_TRUE(all_declared({"a", "c"}, plan));
  EXPECT_FALSE(all_declared({"c", "a"}, plan));
  EXPECT_FALSE(all_declared({"b", "b"}, plan));
}

TEST_F(Moves, OneThatNeverRanAndIsAsWantedKeepsItsContainer) {
  const Seen current = seen("a-web-1", "created");
  place_.current = &current;
  EXPECT_TRUE(place_.keeps_container());
  place_.differences = different_;
  EXPECT_FALSE(place_.keeps_container());
}

TEST_F(Moves, OneThatVersion1NamedIsReplacedWhateverAloneDiffers) {
  const Seen current = seen("a_web_1", "running");
  place_.current = &current;
  EXPECT_TRUE(place_.keeps_container());
  place_.differences = different_;
  EXPECT_FALSE(place_.keeps_container());
  const auto all = match();
  EXPECT_EQ(std::ranges::count(all, "POST /containers/create a-web-1.next"), 1);
  EXPECT_EQ(all.front(), "POST /containers/rename a_web_1 a-web-1");
  place_.differences = {{"name", "a_web_1", "a-web-1"}};
  EXPECT_EQ(match(), (Texts{"POST /containers/rename a_web_1 a-web-1"}));
}

TEST_F(Moves, WhatItDependsOnIsWaitedForBeforeAnythingIsStopped) {
  const Seen current = seen("a-web-1", "running");
  place_.current = &current;
  place_.differences = different_;
  const auto all = moves();
  const auto at = [&](Move::Kind kind) { return std::ranges::find(all, kind, &Move::kind); };
  ASSERT_NE(at(Move::Kind::await), all.end());
  EXPECT_LT(at(Move::Kind::create), at(Move::Kind::await));
  EXPECT_LT(at(Move::Kind::await), at(Move::Kind::stop));
}

TEST_F(Moves, APrevThatSomeoneStartedIsStoppedFirst) {
  const Seen current = seen("a-web-1", "exited");
  const Seen prev = seen("a-web-1.prev", "running");
  place_.current = &current;
  place_.prev = &prev;
  EXPECT_EQ(match(),
            (Texts{"POST /containers/stop a-web-1.prev", "POST /containers/update a-web-1.prev",
                   "POST /containers/start a-web-1"}));
}

/// One that is paused holds its ports and its volumes, and neither starts nor goes.
TEST_F(Moves, WhateverIsPausedIsStoppedBeforeAnotherIsStarted) {
  const Seen current = seen("a-web-1", "paused");
  const Seen prev = seen("a-web-1.prev", "exited");
  place_.current = &current;
  place_.prev = &prev;
  place_.prev_is_right = true;
  place_.differences = different_;
  EXPECT_EQ(match(), (Texts{"POST /containers/stop a-web-1",
                            "POST /containers/rename a-web-1 a-web-1.failed",
                            "POST /containers/rename a-web-1.prev a-web-1",
                            "POST /containers/update a-web-1.failed",
                            "POST /containers/update a-web-1", "POST /containers/start a-web-1"}));
  const Seen kept = seen("a-web-1.prev", "paused");
  place_.prev = &kept;
  EXPECT_EQ(match()[0], "POST /containers/stop a-web-1.prev");
  EXPECT_EQ(match()[1], "POST /containers/stop a-web-1");
  place_.prev_is_right = false;
  EXPECT_EQ(match(Prev::keep)[2], "POST /containers/stop a-web-1.prev");
  EXPECT_EQ(match(Prev::drop)[0], "POST /containers/stop a-web-1.prev");
  EXPECT_EQ(match(Prev::drop)[1], "DELETE /containers a-web-1.prev");
}

TEST_F(Moves, WhatWasKeptAndIsPausedIsStoppedBesideOneThatIsStartedAsItIs) {
  const Seen current = seen("a-web-1", "exited");
  const Seen prev = seen("a-web-1.prev", "paused");
  const Seen failed = seen("a-web-1.failed", "paused");
  place_.current = &current;
  place_.prev = &prev;
  place_.failed = &failed;
  EXPECT_EQ(match(),
            (Texts{"POST /containers/stop a-web-1.prev", "POST /containers/stop a-web-1.failed",
                   "POST /containers/update a-web-1.prev", "POST /containers/start a-web-1"}));
}

/// Its way back was cut before its start; or somebody took its policy away and stopped it.
TEST_F(Moves, OneThatGetsItsRestartPolicyBackIsStartedHoweverItEnded) {
  wanted_.config =
      JsonObject{{"HostConfig", JsonObject{{"RestartPolicy", JsonObject{{"Name", "always"}}}}}};
  Seen current = seen("a-web-1", "exited");
  current.inspect.as_object()["HostConfig"] =
      JsonObject{{"RestartPolicy", JsonObject{{"Name", "no"}}}};
  place_.current = &current;
  place_.differences = {{"restart", "no", "always"}};
  ASSERT_EQ(current.exit_code(), 0);
  ASSERT_TRUE(place_.only_restart_policy());
  EXPECT_EQ(match(), (Texts{"POST /containers/update a-web-1", "POST /containers/start a-web-1"}));
  wanted_.job = true;
  EXPECT_EQ(match(), Texts{"POST /containers/update a-web-1"}) << "a job is not run once more";
}

TEST_F(Moves, OneThatGetsItsRestartPolicyBackIsPausedNoMore) {
  wanted_.config =
      JsonObject{{"HostConfig", JsonObject{{"RestartPolicy", JsonObject{{"Name", "always"}}}}}};
  const Seen current = seen("a-web-1", "paused");
  place_.current = &current;
  place_.differences = {{"restart", "no", "always"}};
  ASSERT_TRUE(place_.only_restart_policy());
  EXPECT_EQ(match(),
            (Texts{"POST /containers/update a-web-1", "POST /containers/unpause a-web-1"}));
}

TEST_F(Moves, BackFromACutWayBackAPausedOneThatFailedIsStopped) {
  const Seen prev = seen("a-web-1.prev", "exited");
  const Seen failed = seen("a-web-1.failed", "paused");
  place_.prev = &prev;
  place_.failed = &failed;
  place_.prev_is_right = true;
  EXPECT_EQ(match()[0], "POST /containers/stop a-web-1.failed");
}

}  // namespace
}  // namespace reconciler::docker
