// What is read of the ledger at once is of one moment, whatever another process writes meanwhile.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include <functional>
#include <utility>

#include "tests/unit/ledger/support.hpp"

namespace reconciler {
namespace {

/// Is told before each statement of every ledger that is opened while it lives; one at a time.
class Statements {
 public:
  explicit Statements(std::function<void()> before) {
    before_ = std::move(before);
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(listen));  // NOLINT: SQLite's own type
  }
  ~Statements() {
    sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(listen));  // NOLINT: likewise
    before_ = {};
  }
  Statements(const Statements&) = delete;
  Statements& operator=(const Statements&) = delete;

 private:
  static int hear(unsigned /*what*/, void* /*context*/, void* /*statement*/, void* /*text*/) {
    if (before_) before_();
    return 0;
  }
  static int listen(sqlite3* database, char** /*error*/, const sqlite3_api_routines* /*calls*/) {
    return sqlite3_trace_v2(database, SQLITE_TRACE_STMT, hear, nullptr);
  }
  static inline std::function<void()> before_;
};

class OneMoment : public testing::Test {
 protected:
  /// `read` by one process, again and again, each time one statement later cut by `write` of
  /// another one. `prepare` comes before each.
  void cut_everywhere(const std::function<void(Ledger&)>& prepare,
                      const std::function<void(Ledger&)>& write,
                      const std::function<void(Ledger&)>& read) {
    size_t cuts = 0;
    for (bool done = false; !done; ++cuts) {
      SCOPED_TRACE(cuts);
      ASSERT_LT(cuts, 100U);
      const Folder folder;
      const auto run = open_ledger(folder / "state", clock);
      prepare(*run);
      size_t left = cuts;
      bool reads = false;
      const Statements statements([&] {
        if (reads && left-- == 0) write(*run);
      });
      const auto look = open_ledger(folder / "state", clock);
      reads = true;
      read(*look);
      reads = false;
      done = left <= cuts;  // it was never its turn
    }
    EXPECT_GT(cuts, 2U) << "one statement is of one moment anyway";
  }
  MovedClock clock;
};

TEST_F(OneMoment, AVersionIsToldWithItsOwnRecords) {
  const ResourceId hooks{"compose", "pre_stop", "web"};
  const auto record = [&](Ledger& run, const std::string& tag) {
    const RunId id = *run.begin_run(start_of("", tag));
    ASSERT_TRUE(run.record(id, release_of(tag), {{hooks, {Sealed{"hooks of " + tag}, true}}}));
  };
  cut_everywhere([&](Ledger& run) { record(run, "v1"); }, [&](Ledger& run) { record(run, "v2"); },
                 [&](Ledger& look) {
                   const Memory memory = *look.memory(production);
                   const std::string tag = memory.current->tag;
                   EXPECT_EQ(memory.snapshots.at(hooks).sealed.box, "hooks of " + tag);
                   EXPECT_EQ(memory.versions.size(), tag == "v1" ? 1U : 2U);
                 });
}

TEST_F(OneMoment, ARunThatEndsMeanwhileIsOpenOrNot) {
  RunId id = 0;
  cut_everywhere([&](Ledger& run) { id = *run.begin_run(start_of("", "v1")); },
                 [&](Ledger& run) {
                   ASSERT_TRUE(run.end_run(id, {"Ready", "Succeeded"}));
                 },
                 [&](Ledger& look) {
                   const auto open = look.open_run(production);
                   ASSERT_TRUE(open) << told(open);
                   if (*open) {
                     EXPECT_FALSE((*open)->run.ended);
                   }
                 });
}

TEST_F(OneMoment, ARunIsToldWithWhatItHadDoneByThen) {
  RunId id = 0;
  cut_everywhere([&](Ledger& run) { id = *run.begin_run(start_of("", "v1")); },
                 [&](Ledger& run) {
                   ASSERT_TRUE(run.intend(id, release_action("v1")));
                   ASSERT_TRUE(run.end_run(id, {"Stalled", "ReleaseFailed"}));
                 },
                 [&](Ledger& look) {
                   for (const auto& one : {*look.run(id), look.history(production, 1)->front(),
                                           **look.last_run(production)})
                     EXPECT_EQ(one.attempts.size(), one.ended ? 1U : 0U);
                 });
}

}  // namespace
}  // namespace reconciler
