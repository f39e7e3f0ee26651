// Power goes off at any moment: whatever the disk then holds, the ledger opens, has all that was
// promised and nothing by halves, and goes on. The same of files that are replaced.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "plugins/files/folder.hpp"
#include "reconciler/base/digest.hpp"
#include "tests/unit/ledger/images.hpp"
#include "tests/unit/ledger/support.hpp"

namespace reconciler::power {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// In memory: what is asked of the disk is recorded all the same.
class Folders {
 public:
  Folders() {
    char name[] = "/dev/shm/power-loss-XXXXXX";
    path_ = ::mkdtemp(name);
    std::filesystem::create_directory(path_ + "/life");
  }
  ~Folders() { (void)remove_tree(path_); }
  std::string life() const { return path_ + "/life"; }
  std::string image() const { return path_ + "/image"; }

 private:
  std::string path_;
};

/// All rows of all tables, and the version.
std::string dump(const std::string& file) {
  sqlite3* db = nullptr;
  if (sqlite3_open_v2(file.c_str(), &db, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK)
    throw std::runtime_error("cannot open " + file);
  std::string out;
  const auto read = [&](const std::string& sql) {
    const int done = sqlite3_exec(
        db, sql.c_str(),
        [](void* into, int n, char** values, char**) {
          for (int i = 0; i < n; ++i)
            *static_cast<std::string*>(into) += std::string(values[i] ? values[i] : "NULL") + '|';
          *static_cast<std::string*>(into) += '\n';
          return 0;
        },
        &out, nullptr);
    if (done != SQLITE_OK) out += std::string("cannot be read: ") + sqlite3_errmsg(db);
  };
  read("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
  std::string tables;
  std::swap(tables, out);
  read("PRAGMA user_version");
  read("PRAGMA integrity_check");
  for (size_t at = 0, end = 0; (end = tables.find("|\n", at)) != std::string::npos; at = end + 2) {
    const std::string table = tables.substr(at, end - at);
    out += table + ":\n";
    read("SELECT * FROM " + table);
  }
  sqlite3_close(db);
  return out;
}

/// A part of a ledger's life, from where the files are all durable.
class Life {
 public:
  explicit Life(const Folders& folders) : folders_(folders), recorder_(folders.life()) {}

  /// What is said to be done once it returns well.
  void promise(const std::function<void()>& what) { step(what, true); }
  /// What a cut may take back.
  void hope(const std::function<void()>& what) { step(what, false); }
  /// Before it is opened in this part there is a ledger already, and it is as after the first step.
  void had_it_before() { had_ = true; }

  Counts visit(const Rules& rules, const Selection& selection, std::vector<std::string>& faults) {
    return visit_images(recorder_, rules, selection, [&](const Image& image) {
      const std::string fault = look_at(image);
      if (!fault.empty()) faults.push_back(image.how + ": " + fault);
    });
  }

 private:
  void step(const std::function<void()>& what, bool promised) {
    recorder_.mark(promised_, states_.size() + 1);
    what();
    states_.push_back(dump(folders_.life() + "/state/ledger.db"));
    if (promised) promised_ = states_.size();
    recorder_.mark(promised_, states_.size());
  }

  /// What is wrong with it; empty where nothing is.
  std::string look_at(const Image& image) const {
    put(image, folders_.image());
    const std::string state = folders_.image() + "/state";
    auto ledger = Ledger::open(state, clock_);
    if (!ledger) return "does not open: " + render(ledger.error());
    if ((*ledger)->loss()) return "says that it was lost: " + render(*(*ledger)->loss());
    const std::string there = dump(state + "/ledger.db");
    bool known = image.promised == 0 && !had_;
    const size_t from = std::max<size_t>(image.promised, 1);
    for (size_t i = from; i <= std::min(image.in_progress, states_.size()); ++i)
      known = known || there == states_[i - 1];
    if (image.promised == 0 && had_) known = there == states_.front();
    if (!known) return "is not what was promised:\n" + there;
    return goes_on(**ledger, state);
  }

  std::string goes_on(Ledger& ledger, const std::string& state) const {
    auto memory = ledger.memory(production);
    if (!memory) return "cannot be read: " + render(memory.error());
    auto run = ledger.begin_run(start_of("", "v9"));
    if (!run) return "takes no run: " + render(run.error());
    if (auto done = ledger.record(*run, release_of("v9"), {}); !done)
      return "takes no record: " + render(done.error());
    auto after = ledger.memory(production);
    if (!after || after->current->tag != "v9") return "does not know what was recorded";
    if (dump(state + "/ledger.db").find("\nok|\n") == std::string::npos) return "is not whole";
    return "";
  }

  const Folders& folders_;
  MovedClock clock_;
  Recorder recorder_;
  std::vector<std::string> states_;
  size_t promised_ = 0;
  bool had_ = false;
};

/// What all tests visited.
Counts total;

class Visits : public testing::Test {
 protected:
  static void count(const Counts& counts) {
    total.images += counts.images;
    total.writes += counts.writes;
    total.syncs += counts.syncs;
    total.cuts += counts.cuts;
  }
  static void expect_none(std::vector<std::string> faults) {
    const size_t n = faults.size();
    faults.resize(std::min<size_t>(n, 3));
    EXPECT_THAT(faults, IsEmpty()) << n << " in all";
  }
  /// With RECONCILER_DEEP=1 a few times as many.
  static Selection usual() {
    const char* deep = std::getenv("RECONCILER_DEEP");
    return deep && std::string(deep) == "1" ? Selection{4000, 8, 24, 24} : Selection{};
  }

  Folders folders;
  MovedClock clock;
  const std::string state = folders.life() + "/state";
};

class PowerLoss : public Visits {
 protected:
  void TearDown() override {
    if (!life) return;
    std::vector<std::string> faults;
    count(life->visit({}, selection, faults));
    expect_none(std::move(faults));
  }

  /// A ledger with one version, closed and durable; what comes then is recorded.
  void begin_with_one_version() {
    {
      const auto made = open_ledger(state, clock);
      deploy(*made, "v1");
    }
    begin();
    promise([&] { ledger = open_ledger(state, clock); });
    life->had_it_before();
  }
  void begin() { life = std::make_unique<Life>(folders); }
  void promise(const std::function<void()>& what) { life->promise(what); }
  void close() {
    promise([&] { ledger.reset(); });
  }
  void well(const Status& status) { ASSERT_TRUE(status) << render(status.error()); }

  static void deploy(Ledger& ledger, const std::string& tag) {
    const RunId run = *ledger.begin_run(start_of("", tag));
    const std::string id = *ledger.intend(run, release_action(tag));
    ASSERT_TRUE(ledger.result(id, {Fate::succeeded, {}}));
    ASSERT_TRUE(ledger.record(run, release_of(tag), records(tag)));
    ASSERT_TRUE(ledger.end_run(run, {"Ready", "Succeeded"}));
  }
  static SealedRecords records(const std::string& tag) {
    SealedRecords all;
    for (const char* name : {"web", "worker"})
      all[{"compose", "service", name}] = {Sealed{tag + std::string(3000, *name)}, true};
    return all;
  }

  const ResourceId image{"compose", "image", "backend:v2"};
  std::unique_ptr<Life> life;
  std::unique_ptr<Ledger> ledger;
  Selection selection = usual();
};

TEST_F(PowerLoss, WhileTheLedgerIsMade) {
  begin();
  promise([&] { ledger = open_ledger(state, clock); });
  promise([&] { ASSERT_TRUE(ledger->begin_run(start_of("", "v1"))); });
  close();
}

TEST_F(PowerLoss, WhileAVersionIsDeployed) {
  begin_with_one_version();
  RunId run = 0;
  std::string id;
  promise([&] { well(ledger->remember_commit(production, "v2", "c2")); });
  promise([&] { run = *ledger->begin_run(start_of("v1", "v2")); });
  promise([&] { well(ledger->claim(production, "v2", {{image, "inputs"}})); });
  promise([&] { id = *ledger->intend(run, release_action("v2")); });
  promise([&] { well(ledger->touch(production, {})); });
  life->hope([&] { well(ledger->append_log(run, {"a line", std::string(6000, 'x')})); });
  promise([&] { well(ledger->result(id, {Fate::succeeded, {}})); });
  promise([&] { well(ledger->switch_steps_done(production, "v2")); });
  promise([&] { well(ledger->record(run, release_of("v2"), records("v2"))); });
  promise([&] { well(ledger->end_run(run, {"Ready", "Succeeded"})); });
  close();
}

TEST_F(PowerLoss, WhileAVersionFailsAndIsRejected) {
  begin_with_one_version();
  RunId run = 0;
  std::string id;
  promise([&] { run = *ledger->begin_run(start_of("v1", "v2")); });
  promise([&] { id = *ledger->intend(run, release_action("v2")); });
  promise([&] { well(ledger->failed_to_run(id, error("docker.unreachable", "gone"))); });
  promise([&] { well(ledger->result(id, {Fate::unknown, {}})); });
  promise([&] {
    Target target;
    target.rejected_tag = "v2";
    well(ledger->reject(run, {"RolledBack", "VerifyFailed"}, target));
  });
  promise([&] {
    well(ledger->settle(production, release_action("v2").once_key, Fate::not_started, "anna"));
  });
  promise([&] { ASSERT_TRUE(ledger->retry(production, "anna")); });
  promise([&] { well(ledger->clear_target(production)); });
  close();
}

TEST_F(PowerLoss, WhilePeopleSaySomething) {
  begin_with_one_version();
  promise([&] { well(ledger->suspend(production, {"anna", "holidays", clock.wall(), {}})); });
  promise([&] { well(ledger->resume(production)); });
  promise([&] { well(ledger->approve(production, {"plan-v2"}, "anna")); });
  promise([&] { well(ledger->drifted(production, {{image, "tag"}})); });
  promise([&] { well(ledger->assume(production, "release/v0", "release", Fate::succeeded, "a")); });
  close();
}

TEST_F(PowerLoss, WhileAnEnvironmentIsTakenOverAndRemoved) {
  begin_with_one_version();
  promise([&] {
    Adoption adoption;
    adoption.lineages = {"another"};
    adoption.current = release_of("v2");
    adoption.previous = release_of("v0");
    adoption.snapshots = records("v2");
    well(ledger->adopt(production, adoption));
  });
  promise([&] { well(ledger->claim(production, "v2", {{image, "inputs"}})); });
  promise([&] { well(ledger->release(production, {{"v2", image}})); });
  promise([&] { well(ledger->claim(production, "v2", {{image, "inputs"}})); });
  promise([&] { well(ledger->forget(production, image)); });
  promise([&] { well(ledger->forget(production, "anna")); });
  close();
}

TEST_F(PowerLoss, WhileItIsOpenedClosedAndOpenedAgain) {
  begin_with_one_version();
  for (const char* tag : {"v2", "v3"}) {
    promise([&] {
      well(ledger->suspend(production, {"anna", std::string(tag), clock.wall(), {}}));
    });
    close();
    promise([&] { ledger = open_ledger(state, clock); });
  }
  close();
}

TEST_F(PowerLoss, WhileTheLogOfWritesIsWrittenBack) {
  begin_with_one_version();
  RunId run = 0;
  promise([&] { run = *ledger->begin_run(start_of("v1", "v2")); });
  // More than a thousand pages: SQLite writes back within the call.
  promise([&] {
    well(ledger->record(
        run, release_of("v2"),
        {{{"compose", "service", "web"}, {Sealed{std::string(size_t{4'300'000}, 'x')}, true}}}));
  });
  promise([&] { well(ledger->end_run(run, {"Ready", "Succeeded"})); });
  close();
  selection = {2, 1, 1, 1};
}

TEST_F(PowerLoss, WhileAFileOfVersion1IsBroughtUpToDate) {
  const std::string key(32, 'k');
  ASSERT_TRUE(make_folders(state, 0700));
  ASSERT_TRUE(replace_file(state + "/key", key, 0600));
  ASSERT_TRUE(replace_file(state + "/ledger.db", "", 0600));
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open((state + "/ledger.db").c_str(), &db), SQLITE_OK);
  const std::string sql = *read_file(LEDGER_VERSION_1) + "INSERT INTO meta VALUES ('key', '" +
                          keyed_digest(key, "reconciler installation key") + "')";
  ASSERT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(db);
  begin();
  life->had_it_before();
  promise([&] { ledger = open_ledger(state, clock); });
  promise([&] { ASSERT_TRUE(ledger->begin_run(start_of("", "v9"))); });
  close();
}

/// What opens then says of the ledger that there was.
class PowerLossAndLoss : public Visits {
 protected:
  void SetUp() override {
    const auto ledger = open_ledger(state, clock);
    const RunId run = *ledger->begin_run(start_of("", "v1"));
    ASSERT_TRUE(ledger->record(run, release_of("v1"), {}));
  }
  /// Opens it, and again after a cut anywhere in that; the codes of what each says.
  std::set<std::string> said(const std::function<bool(const Image&)>& also) {
    std::set<std::string> codes;
    Recorder recorder(folders.life());
    recorder.mark(0, 1);
    const std::string lineage = open_ledger(state, clock)->lineage();
    recorder.mark(1, 1);
    count(visit_images(recorder, {}, usual(), [&](const Image& image) {
      put(image, folders.image());
      const auto again = Ledger::open(folders.image() + "/state", clock);
      if (!again)
        codes.insert("does not open: " + render(again.error()));
      else if (image.promised == 1 && (*again)->lineage() != lineage)
        codes.insert("another lineage than was said");
      else
        codes.insert((*again)->loss() ? (*again)->loss()->code : "nothing was lost");
      if (!also(image)) codes.insert("what was broken is gone: " + image.how);
    }));
    return codes;
  }
  static bool anything(const Image&) { return true; }
};

TEST_F(PowerLossAndLoss, OfABrokenLedgerItIsSaidAndTheFileIsKept) {
  const std::string broken(40'000, '?');
  ASSERT_TRUE(replace_file(state + "/ledger.db", broken));
  const auto codes = said([&](const Image& image) {
    return std::ranges::any_of(image.files, [&](const auto& one) { return one.second == broken; });
  });
  // Moved away and no new one made yet: it is gone, and the message names where it lies.
  EXPECT_THAT(codes, testing::UnorderedElementsAre("ledger.corrupt", "ledger.lost"));
}

TEST_F(PowerLossAndLoss, OfALedgerThatIsGone) {
  ASSERT_TRUE(remove_tree(state + "/ledger.db"));
  EXPECT_THAT(said(anything), ElementsAre("ledger.lost"));
}

TEST_F(PowerLossAndLoss, OfAKeyThatIsAnother) {
  ASSERT_TRUE(replace_file(state + "/key", std::string(32, 'k')));
  EXPECT_THAT(said(anything), ElementsAre("ledger.key_lost"));
}

/// Files that are replaced as a whole.
class PowerLossAndFiles : public Visits {
 protected:
  /// What is wrong with a state in which `name` may hold one of `contents`: the one that was
  /// promised, or the one that was being written.
  static std::string look_at(const Image& image, const std::string& name,
                             const std::vector<std::string>& contents) {
    const auto found = image.files.find(name);
    const std::string there = found == image.files.end() ? "" : found->second;
    if (there != contents.at(image.promised) && there != contents.at(image.in_progress))
      return "holds \"" + there + "\"";
    for (const auto& [other, content] : image.files)
      if (other != name && !other.ends_with("/.reconciler") && !other.ends_with(".tmp"))
        return "leaves " + other;
    return "";
  }
};

TEST_F(PowerLossAndFiles, TheOldOrTheNewOneIsThere) {
  const std::string path = folders.life() + "/file";
  const std::vector<std::string> contents{"old", std::string(10'000, 'n'), ""};
  ASSERT_TRUE(replace_file(path, contents[0]));
  Recorder recorder(folders.life());
  for (size_t n = 1; n < contents.size(); ++n) {
    recorder.mark(n - 1, n);
    ASSERT_TRUE(replace_file(path, contents[n]));
    recorder.mark(n, n);
  }
  std::vector<std::string> faults;
  count(visit_images(recorder, {}, usual(), [&](const Image& image) {
    if (const auto fault = look_at(image, "file", contents); !fault.empty())
      faults.push_back(image.how + ": " + fault);
  }));
  expect_none(std::move(faults));
}

TEST_F(PowerLossAndFiles, StateFilesAreThereOnceTheyAreWritten) {
  const std::vector<std::string> contents{"", "v1\n", "v2\n"};
  const std::string folder = "state-files/portfolio/production";
  Recorder recorder(folders.life());
  for (size_t n = 1; n < contents.size(); ++n) {
    recorder.mark(n - 1, n);
    ASSERT_TRUE(files::write_value(folders.life() + "/" + folder, {"portfolio/production", "l"},
                                   "current_tag", contents[n].substr(0, 2)));
    recorder.mark(n, n);
  }
  std::vector<std::string> faults;
  count(visit_images(recorder, {}, usual(), [&](const Image& image) {
    if (const auto fault = look_at(image, folder + "/current_tag", contents); !fault.empty())
      faults.push_back(image.how + ": " + fault);
    put(image, folders.image());
    if (const auto owner = files::read_owner(folders.image() + "/" + folder); !owner)
      faults.push_back(image.how + ": " + owner.error().message);
  }));
  expect_none(std::move(faults));
}

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

/// On a disk for which the promises cannot be kept they are seen to be broken: the tests can fail.
class ALyingDisk : public PowerLoss {
 protected:
  void TearDown() override {}
  size_t faults_with(const Rules& rules) {
    begin();
    promise([&] { ledger = open_ledger(state, clock); });
    promise([&] { well(ledger->suspend(production, {"anna", "", clock.wall(), {}})); });
    std::vector<std::string> faults;
    (void)life->visit(rules, {8, 1, 2, 1}, faults);
    return faults.size();
  }
};

TEST_F(ALyingDisk, IsSeenWhereItForgetsFiles) {
  EXPECT_GT(faults_with({.sync_files = false}), 0U);
}

TEST_F(ALyingDisk, IsSeenWhereItForgetsNames) {
  EXPECT_GT(faults_with({.sync_folders = false}), 0U);
}

TEST(PowerLossImages, AreThousands) {
  std::printf("power loss: %zu images of %zu writes and %zu syncs, cut at %zu places\n",
              total.images, total.writes, total.syncs, total.cuts);
  RecordProperty("held", std::to_string(total.images) + " states of the disk after a cut of power");
  const auto& all = *testing::UnitTest::GetInstance();
  if (all.test_to_run_count() == all.total_test_count()) {
    EXPECT_GE(total.images, 2000U);
  }
}

}  // namespace
}  // namespace reconciler::power
