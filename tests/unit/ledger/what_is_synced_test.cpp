// How often the ledger asks the disk to sync: once a commit, and never for a look.
#include <gmock/gmock.h>

#include "tests/unit/ledger/recorder.hpp"
#include "tests/unit/ledger/visits.hpp"

namespace reconciler::power {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// What is asked of the disk, in order, each thing by its name.
class WhatIsSynced : public Visits {
 protected:
  /// What was synced since this was asked last.
  std::vector<std::string> synced() {
    std::vector<std::string> out;
    for (; seen_ < recorder->ops().size(); ++seen_)
      if (const auto& op = recorder->ops()[seen_];
          op.kind == Op::Kind::sync || op.kind == Op::Kind::sync_folder)
        out.push_back(op.name);
    return out;
  }
  std::unique_ptr<Recorder> recorder;

 private:
  size_t seen_ = 0;
};

TEST_F(WhatIsSynced, ACommitIsOneSyncAndALookIsNone) {
  {
    const auto made = open_ledger(state, clock);
    (void)made->begin_run(start_of("", "v1"));
  }
  recorder = std::make_unique<Recorder>(folders.life());
  auto ledger = open_ledger(state, clock);
  const auto commit = [&] {
    return ledger->suspend(production, {"anna", "", clock.wall(), {}}).has_value();
  };
  EXPECT_TRUE(ledger->memory(production));
  EXPECT_THAT(synced(), IsEmpty());
  EXPECT_TRUE(commit());
  EXPECT_THAT(synced(), ElementsAre("state/ledger.db-wal", "state", "state/ledger.db-wal"))
      << "the first after it is opened: header and name as well";
  EXPECT_TRUE(commit());
  EXPECT_THAT(synced(), ElementsAre("state/ledger.db-wal"));
  EXPECT_TRUE(ledger->append_log(1, {"a line"}));
  EXPECT_THAT(synced(), IsEmpty());
  EXPECT_TRUE(commit());
  EXPECT_THAT(synced(), ElementsAre("state/ledger.db-wal"));
  ledger.reset();
  EXPECT_THAT(synced(), ElementsAre("state/ledger.db-wal", "state/ledger.db"))
      << "written back: the log is durable before";
  const size_t asked = recorder->ops().size();
  ledger = open_ledger(state, clock);
  EXPECT_TRUE(ledger->memory(production));
  ledger.reset();
  EXPECT_EQ(recorder->ops().size(), asked) << "a look asks nothing of the disk";
}

}  // namespace
}  // namespace reconciler::power
