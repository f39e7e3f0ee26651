// Power goes off while a ledger is set aside, or a file is replaced: the old or the new one is
// there, and nothing is forgotten in silence.
#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <set>

#include "plugins/files/folder.hpp"
#include "tests/unit/ledger/recorder.hpp"
#include "tests/unit/ledger/visits.hpp"

namespace reconciler::power {
namespace {

using testing::ElementsAre;

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

}  // namespace
}  // namespace reconciler::power
