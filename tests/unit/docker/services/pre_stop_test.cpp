// A container's pre_stop hooks are those of the version that was recorded with it.
#include "plugins/docker/services/pre_stop.hpp"

#include <gmock/gmock.h>

#include <functional>

#include "reconciler/base/digest.hpp"
#include "reconciler/driver/wire.hpp"
#include "tests/unit/docker/services/recorded.hpp"

namespace reconciler::docker {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class PreStop : public RecordedStack {
 protected:
  /// Empty: without a hook.
  void want_with(const std::string& value, const std::string& hook) {
    change = [hook](CompiledModel& model) {
      if (!hook.empty())
        model.containers[1].pre_stop = {JsonObject{{"Cmd", JsonArray{Json(hook)}}}};
      Container late = container("late", "img:v1", "same");
      late.depends_on = {{"web", "service_started", true, true}};
      late.pre_stop = {JsonObject{{"Cmd", JsonArray{Json("late's")}}}};
      model.containers.push_back(std::move(late));
    };
    want(value);
  }
  void deploy(const std::string& tag, const std::string& hook) {
    want_with(tag, hook);
    while (!plan(memory).empty()) ASSERT_TRUE(apply(memory));
    record(tag);
    engine_.execs.clear();
  }
  /// `CONTAINER: COMMAND` of all that ran.
  Texts ran() {
    Texts all;
    for (const auto& exec : engine_.execs)
      all.push_back(exec.container + ": " + texts_at(exec.body, "Cmd").at(0));
    return all;
  }
  Sealed& record_of(const std::string& service) {
    return memory.snapshots.at(id("pre_stop", service)).sealed;
  }
  static void change_last_byte(Sealed& sealed) {
    sealed.box.back() = static_cast<char>(sealed.box.back() ^ 1);
  }
  Texts notices() { return look(memory).notices; }
  static constexpr const char* not_known =
      "a-web-1 was not recorded with a version: pre_stop hooks are not run there before it is "
      "stopped";
  static constexpr const char* broken =
      "warning: the record of web cannot be used (seal.broken: a sealed record cannot be opened: "
      "it was changed, or sealed by another installation): pre_stop hooks are not run there";
};

TEST_F(PreStop, TheHooksOfTheVersionThatItIsOfRunAndNoOthers) {
  deploy("v1", "one");
  want_with("v2", "two");
  EXPECT_THAT(notices(), IsEmpty());
  ASSERT_TRUE(apply(memory));
  EXPECT_THAT(ran(), ElementsAre("a-late-1: late's", "a-web-1: one"));
}

TEST_F(PreStop, WhatIsRemovedWhileTheyRunIsMissedBeforeAnybodyIsStopped) {
  deploy("v1", "one");
  want_with("v2", "two");
  const auto works = plan(memory);
  engine_.before = [this](const std::string& call) {
    if (call == "POST /containers/exec a-web-1")
      engine_.containers.erase(std::string(engine_.named("a-web-1.next")->id));
  };
  const auto done = driver_->perform({"9", {"a", "p"}, "lineage", "", works[0]}, {}, progress_, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "plan.stale");
  EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a-late-1:running", "a-web-1:running"}));
}

/// Hears that somebody is waited for.
class Waits final : public Progress {
 public:
  explicit Waits(std::function<void()> then) : then_(std::move(then)) {}
  void line(std::string_view) override { then_(); }

 private:
  std::function<void()> then_;
};

TEST_F(PreStop, WhatIsRemovedWhileADependencyIsWaitedForIsMissedBeforeTheyRun) {
  deploy("v1", "one");
  want_with("v2", "two");
  const auto works = plan(memory);
  engine_.named("a-db-1")->state = "restarting";
  Waits waits([this] {
    engine_.named("a-db-1")->state = "running";
    engine_.containers.erase(std::string(engine_.named("a-web-1.next")->id));
  });
  const auto done = driver_->perform({"9", {"a", "p"}, "lineage", "", works[0]}, {}, waits, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "plan.stale");
  EXPECT_THAT(ran(), IsEmpty());
}

TEST_F(PreStop, TheyRunAlsoWhereTheNewVersionHasNone) {
  deploy("v1", "one");
  want_with("v2", "");
  ASSERT_TRUE(apply(memory));
  EXPECT_THAT(ran(), ElementsAre("a-late-1: late's", "a-web-1: one"));
}

TEST_F(PreStop, WhatWasRecordedWithoutThemHasNone) {
  deploy("v1", "");
  want_with("v2", "two");
  EXPECT_THAT(notices(), IsEmpty());
  ASSERT_TRUE(apply(memory));
  EXPECT_THAT(ran(), ElementsAre("a-late-1: late's"));
}

TEST_F(PreStop, ThoseWithoutAreOneRecordHoweverManyTheyAre) {
  deploy("v1", "");
  int looked_at = 0;
  for (const auto& [of, record] : memory.snapshots) looked_at += record.at_each_look ? 1 : 0;
  EXPECT_EQ(looked_at, 2) << "late's own, and one for web and db";
  change_last_byte(memory.snapshots.at(id("no_pre_stop", "a")).sealed);
  EXPECT_THAT(notices(), IsEmpty()) << "who is as wanted has the wanted model's";
  want_with("v2", "two");
  EXPECT_THAT(notices(), ElementsAre(HasSubstr("the record of web cannot be used (seal.")));
}

TEST_F(PreStop, ThatOnlyTheHooksChangedIsSeenAtTheNextRecord) {
  deploy("v1", "one");
  want_with("v1", "two");
  ASSERT_TRUE(plan(memory).empty());
  record("v1.1");
  want_with("v2", "three");
  ASSERT_TRUE(apply(memory));
  EXPECT_THAT(ran(), ElementsAre("a-late-1: late's", "a-web-1: two"));
}

TEST_F(PreStop, WithoutARecordTheWantedModelsServeWhoIsAsWanted) {
  want_with("v1", "one");
  while (!plan().empty()) ASSERT_TRUE(apply());
  engine_.execs.clear();
  want_with("v2", "two");
  memory.snapshots.clear();
  EXPECT_THAT(notices(), Contains(std::string(not_known)));
  ASSERT_TRUE(apply(memory));
  // `late` is as wanted and only started anew.
  EXPECT_THAT(ran(), ElementsAre("a-late-1: late's"));
}

TEST_F(PreStop, OneThatSomebodyMadeAnewIsNotTheRecordedOne) {
  deploy("v1", "one");
  auto& web = *engine_.named("a-web-1");
  auto node = engine_.containers.extract(std::string(web.id));
  node.key() = std::string(64, 'f');
  node.mapped().id = node.key();
  engine_.containers.insert(std::move(node));
  want_with("v2", "");
  EXPECT_THAT(notices(), Contains(std::string(not_known)));
  ASSERT_TRUE(apply(memory));
  EXPECT_THAT(ran(), ElementsAre("a-late-1: late's"));
}

TEST_F(PreStop, OfARecordThatDoesNotOpenNothingIsUsed) {
  const std::vector<std::function<void()>> breaks{
      [&] { change_last_byte(record_of("web")); },
      [&] { record_of("web").box.clear(); },
      [&] { record_of("web") = record_of("late"); },
      [&] {
        auto box = seal(InstallationKey{std::string(32, 'x')}, "p", "{}");
        record_of("web") = *box;
      },
  };
  int n = 0;
  for (const auto& break_it : breaks) {
    const auto value = std::to_string(++n);
    SCOPED_TRACE(value);
    deploy("v1." + value, "one");
    want_with("v2." + value, "two");
    break_it();
    EXPECT_THAT(notices(), ElementsAre(broken));
    ASSERT_TRUE(apply(memory));
    EXPECT_THAT(ran(), ElementsAre("a-late-1: late's"));
  }
}

TEST_F(PreStop, WithAnotherKeyAllOfThemAreSaid) {
  deploy("v1", "one");
  driver_ = make_docker_driver(engine_, compiler_, clock_, InstallationKey{std::string(32, 'x')},
                               DockerPaths{"", "", "/nonexistent", "", ""});
  EXPECT_THAT(notices(), ElementsAre(HasSubstr("the record of web and late cannot be used")));
}

TEST_F(PreStop, APreviousVersionsRecordInTheCurrentOnesPlaceDoesNotOpen) {
  deploy("v1", "one");
  const auto before = memory.snapshots;
  deploy("v2", "two");
  memory.snapshots = before;
  EXPECT_EQ(notices().size(), 1U);
}

TEST_F(PreStop, AWorkHasThemSealedAndIsTheSameAtEachLook) {
  deploy("v1", "s3cret");
  want_with("v2", "two");
  const auto works = plan(memory);
  ASSERT_FALSE(works.empty());
  const auto text = boost::json::serialize(wire::write(works[0]));
  EXPECT_THAT(text, Not(HasSubstr("s3cret")));
  EXPECT_THAT(text, HasSubstr(to_base64(record_of("web").box)));
  EXPECT_EQ(boost::json::serialize(wire::write(plan(memory)[0])), text);
}

TEST_F(PreStop, ARecordThatBreaksAfterThePlanIsRefusedBeforeAnythingIsDone) {
  deploy("v1", "one");
  want_with("v2", "two");
  Work work = plan(memory)[0];
  Sealed box = record_of("web");
  change_last_byte(box);
  for (Json& member : work.input.as_object()["members"].as_array())
    if (text_at(member, "service") == "web")
      member.as_object()["pre_stop"].as_object()["record"] = to_base64(box.box);
  engine_.changes.clear();
  const auto done = driver_->perform({"9", {"a", "p"}, "lineage", "", work}, {}, progress_, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "seal.broken");
  EXPECT_THAT(engine_.changes, IsEmpty());
}

TEST_F(PreStop, AHookThatFailsDoesNotShowWhatWasSealed) {
  deploy("v1", "s3cret");
  want_with("v2", "two");
  engine_.exec_exit_code = 3;
  const auto works = plan(memory);
  const auto done = driver_->perform({"9", {"a", "p"}, "lineage", "", works[0]}, {}, progress_, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "service.hook_failed");
  EXPECT_THAT(render(done.error()), Not(HasSubstr("late's"))) << "its own goes first";
  EXPECT_THAT(render(done.error()), HasSubstr("a pre_stop hook of service late exited 3"));
}

}  // namespace
}  // namespace reconciler::docker
