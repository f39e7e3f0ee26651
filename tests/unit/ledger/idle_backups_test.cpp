// Which backups were made for nothing, as far as the ledger knows.
#include <gmock/gmock.h>

#include "tests/unit/ledger/support.hpp"

namespace reconciler {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class IdleBackupsTest : public testing::Test {
 protected:
  void attempted(Phase phase, const std::string& verb, std::optional<Fate> fate,
                 Json input = JsonObject{}, Json evidence = JsonObject{},
                 const EnvironmentId& id = production) {
    clock.pass(60s);
    RunStart start = start_of("v1.0.0", "v1.0.0");
    start.id = id;
    const RunId run = *ledger->begin_run(start);
    Action action;
    action.work.phase = phase;
    action.work.verb = verb;
    action.work.input = std::move(input);
    const std::string attempt = *ledger->intend(run, action);
    if (fate) {
      ASSERT_TRUE(ledger->result(attempt, {*fate, std::move(evidence)}));
    }
    ASSERT_TRUE(ledger->end_run(run, {"Degraded", "Failed", "", ""}));
  }
  void before_release(const std::string& file, const EnvironmentId& id = production) {
    attempted(Phase::backup, "backup", Fate::succeeded, JsonObject{{"before", "release"}},
              JsonObject{{"file", file}}, id);
  }
  std::vector<std::string> idle() const {
    std::vector<std::string> files;
    const Memory memory = *ledger->memory(production);
    for (const auto& one : memory.idle_backups) files.push_back(one.file);
    return files;
  }

  Folder folder;
  MovedClock clock;
  std::unique_ptr<Ledger> ledger = open_ledger(folder / "state", clock);
};

TEST_F(IdleBackupsTest, ThoseThatNoReleaseFollowed) {
  EXPECT_THAT(idle(), IsEmpty());
  before_release("a");
  attempted(Phase::release, "release", Fate::not_started);
  EXPECT_THAT(idle(), IsEmpty()) << "one alone takes no one's place";
  before_release("b");
  attempted(Phase::supply, "pull", Fate::failed);
  attempted(Phase::preflight, "preflight", Fate::failed);
  attempted(Phase::prune, "prune", Fate::succeeded);
  attempted(Phase::verify, "verify", Fate::failed);
  before_release("c");
  EXPECT_THAT(idle(), ElementsAre("a", "b", "c"));
  const auto times = ledger->memory(production)->idle_backups;
  EXPECT_EQ(times[1].at, clock.wall() - 300s);
  EXPECT_EQ(times[2].at, clock.wall());
}

TEST_F(IdleBackupsTest, NoneOfThoseThatWereMadeForAnotherReason) {
  before_release("a");
  attempted(Phase::backup, "backup", Fate::succeeded, JsonObject{}, JsonObject{{"file", "asked"}});
  attempted(Phase::backup, "backup", Fate::failed, JsonObject{{"before", "release"}});
  attempted(Phase::backup, "backup", std::nullopt, JsonObject{{"before", "release"}});
  attempted(Phase::backup, "backup", Fate::succeeded, JsonObject{{"before", "release"}},
            JsonObject{{"detail", "of a driver that names none"}});
  before_release("elsewhere", {"portfolio", "staging"});
  EXPECT_THAT(idle(), IsEmpty());
  before_release("b");
  EXPECT_THAT(idle(), ElementsAre("a", "b"));
}

TEST_F(IdleBackupsTest, NoneFromBeforeAnythingThatMayHaveChangedTheData) {
  const std::pair<Phase, std::string> changes[] = {
      {Phase::start, "create"},  {Phase::release, "release"}, {Phase::change, "switch"},
      {Phase::after, "release"}, {Phase::record, "record"},   {Phase::backup, "restore"}};
  const std::optional<Fate> fates[] = {Fate::succeeded, Fate::failed, Fate::running, Fate::unknown,
                                       std::nullopt};
  for (const auto& [phase, verb] : changes)
    for (const auto& fate : fates) {
      before_release("a");
      before_release("b");
      EXPECT_THAT(idle(), ElementsAre("a", "b"));
      attempted(phase, verb, fate);
      EXPECT_THAT(idle(), IsEmpty()) << to_text(phase) << " " << verb;
    }
}

class OnceTest : public IdleBackupsTest {
 protected:
  /// An attempt at the release that is done once a tag.
  std::string attempted_once() {
    clock.pass(60s);
    run_ = *ledger->begin_run(start_of("v1.0.0", "v1.1.0"));
    return *ledger->intend(run_, release_action("v1.1.0"));
  }
  void over() { ASSERT_TRUE(ledger->end_run(run_, {"Degraded", "Failed", "", ""})); }
  RunId run_ = 0;
};

TEST_F(OnceTest, WhatWasRefusedHadNotBegun) {
  before_release("a");
  const auto attempt = attempted_once();
  ASSERT_TRUE(ledger->failed_to_run(attempt, error("release.running", "of others").passing()));
  over();
  before_release("b");
  EXPECT_THAT(idle(), ElementsAre("a", "b"));
}

TEST_F(OnceTest, WhatWasCutOffMayHaveBegun) {
  before_release("a");
  before_release("b");
  attempted_once();
  over();
  EXPECT_THAT(idle(), IsEmpty());
}

TEST_F(OnceTest, WhateverAPersonSaysOfIt) {
  before_release("a");
  before_release("b");
  const auto attempt = attempted_once();
  ASSERT_TRUE(ledger->result(attempt, {Fate::failed, {}}));
  over();
  EXPECT_THAT(idle(), IsEmpty());
  ASSERT_TRUE(
      ledger->settle(production, release_action("v1.1.0").once_key, Fate::not_started, "anna"));
  EXPECT_THAT(idle(), IsEmpty()) << "half of it ran";
  before_release("c");
  before_release("d");
  EXPECT_THAT(idle(), ElementsAre("c", "d"));
}

TEST_F(OnceTest, NorWhereSomebodySaysRetry) {
  before_release("a");
  before_release("b");
  ASSERT_TRUE(ledger->retry(production, "anna"));
  EXPECT_THAT(idle(), IsEmpty());
}

TEST_F(OnceTest, WhatFailedInTheMidstOfASwitchHadBegun) {
  before_release("a");
  before_release("b");
  run_ = *ledger->begin_run(start_of("v1.0.0", "v1.1.0"));
  const auto attempt = *ledger->intend(run_, switch_action());
  ASSERT_TRUE(ledger->failed_to_run(attempt, error("docker.timeout", "no answer").passing()));
  over();
  EXPECT_THAT(idle(), IsEmpty());
}

TEST_F(OnceTest, WhatWasRecordedSince) {
  before_release("a");
  before_release("b");
  run_ = *ledger->begin_run(start_of("v1.0.0", "v1.1.0"));
  ASSERT_TRUE(ledger->record(run_, release_of("v1.1.0"), SealedRecords{}));
  over();
  EXPECT_THAT(idle(), IsEmpty());
}

}  // namespace
}  // namespace reconciler
