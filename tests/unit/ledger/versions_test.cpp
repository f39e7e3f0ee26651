// Which versions there were, from when until when, and what was released since.
#include <gmock/gmock.h>

#include "tests/unit/ledger/support.hpp"

namespace reconciler {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class VersionsTest : public testing::Test {
 protected:
  Folder folder;
  MovedClock clock;
  std::unique_ptr<Ledger> ledger = open_ledger(folder / "state", clock);

  void deploy(const std::string& tag, Fate release = Fate::succeeded) {
    const RunId run = *ledger->begin_run(start_of("", tag));
    const auto attempt = ledger->intend(run, release_action(tag));
    if (attempt) {
      ASSERT_TRUE(ledger->result(*attempt, {release, {}}));
    }
    if (release == Fate::succeeded) {
      ASSERT_TRUE(ledger->record(run, release_of(tag), {}));
      ASSERT_TRUE(ledger->end_run(run, {"Ready", "Succeeded"}));
    }
    clock.pass(std::chrono::hours(1));
  }
  /// `v1.1.0 for 1 h`, newest first; the current one has no end.
  std::vector<std::string> told() const {
    std::vector<std::string> all;
    const auto known = ledger->versions(production);
    for (const auto& one : *known)
      all.push_back(one.tag + (one.until ? " for " + for_people(*one.until - one.from) : ""));
    return all;
  }
};

TEST_F(VersionsTest, EachLastsUntilTheNextIsRecorded) {
  EXPECT_THAT(told(), IsEmpty());
  deploy("v1.0.0");
  deploy("v1.1.0");
  deploy("v1.2.0", Fate::failed);
  EXPECT_THAT(told(), ElementsAre("v1.1.0", "v1.0.0 for 1 h"));
  deploy("v1.1.0");
  EXPECT_THAT(told(), ElementsAre("v1.1.0", "v1.0.0 for 1 h")) << "healed, it goes on";
  deploy("v1.0.0");
  EXPECT_THAT(told(), ElementsAre("v1.0.0", "v1.1.0 for 3 h", "v1.0.0 for 1 h"));
}

TEST_F(VersionsTest, WhatWasTriedToBeReleasedSince) {
  deploy("v1.0.0");
  const WallTime then = clock.wall();
  EXPECT_THAT(*ledger->released_since(production, "v1.0.0", then), IsEmpty());
  deploy("v1.1.0");
  deploy("v1.2.0", Fate::failed);
  EXPECT_THAT(*ledger->released_since(production, "v1.0.0", then), ElementsAre("v1.1.0", "v1.2.0"));
  EXPECT_THAT(*ledger->released_since(production, "v1.0.0", WallTime{}),
              ElementsAre("v1.0.0", "v1.1.0", "v1.2.0"));
  ASSERT_TRUE(
      ledger->settle(production, release_action("v1.2.0").once_key, Fate::not_started, "anna"));
  EXPECT_THAT(*ledger->released_since(production, "v1.0.0", then), ElementsAre("v1.1.0"));
}

TEST_F(VersionsTest, WhatWasReleasedSinceIsKnownThoughTheClockWasPutBack) {
  deploy("v1.0.0");
  const WallTime ahead = clock.wall();
  clock.pass(-std::chrono::hours(24 * 365));
  EXPECT_THAT(*ledger->released_since(production, "v1.0.0", ahead), IsEmpty());
  deploy("v1.1.0");
  deploy("v1.2.0", Fate::failed);
  EXPECT_THAT(*ledger->released_since(production, "v1.0.0", ahead),
              ElementsAre("v1.1.0", "v1.2.0"));
}

}  // namespace
}  // namespace reconciler
