#include "reconciler/base/backups.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace reconciler {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

WallTime at(int seconds) {
  return WallTime(std::chrono::seconds(1'795'907'877 + seconds));  // 2026-11-28T23:17:57Z
}

class BackupsTest : public testing::Test {
 protected:
  BackupsTest() {
    char name[] = "/tmp/reconciler-backups-XXXXXX";
    top_ = ::mkdtemp(name);
  }
  ~BackupsTest() override { (void)remove_tree(top_); }

  std::string path(const std::string& name = "") const {
    return top_ + "/web/production" + (name.empty() ? "" : "/" + name);
  }
  /// Makes one; its name.
  std::string make(int seconds, const std::string& tag, const std::string& content = "rows") {
    auto file = folder().begin(at(seconds), tag);
    EXPECT_TRUE(file);
    EXPECT_TRUE(file->add(content));
    auto made = file->finish();
    EXPECT_TRUE(made);
    return made ? made->name : "";
  }
  BackupFolder folder() const { return BackupFolder(path()); }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    const auto there = folder().list();
    for (const auto& one : *there) all.push_back(one.name);
    return all;
  }
  std::vector<std::string> files() const { return list_folder(path()).value(); }

  std::string top_;
};

TEST_F(BackupsTest, IsThereWithItsChecksumOrNotAtAll) {
  EXPECT_THAT(names(), IsEmpty());
  {
    auto file = folder().begin(at(0), "v1.2.3");
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->add("ro"));
    EXPECT_THAT(names(), IsEmpty());
    EXPECT_THAT(files(), ElementsAre(".20261128T231757Z-v1.2.3.backup.partial"));
  }
  EXPECT_THAT(files(), IsEmpty());  // it was not finished
  EXPECT_EQ(make(0, "v1.2.3"), "20261128T231757Z-v1.2.3.backup");
  const auto there = folder().list();
  ASSERT_EQ(there->size(), 1U);
  EXPECT_EQ(there->front().at, at(0));
  EXPECT_EQ(there->front().tag, "v1.2.3");
  EXPECT_EQ(there->front().size, 4U);
  EXPECT_EQ(read_file(path("20261128T231757Z-v1.2.3.backup.sha256")).value(),
            sha256("rows") + "  20261128T231757Z-v1.2.3.backup\n");
  struct stat about {};
  ASSERT_EQ(::stat(path().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0700U);
  ASSERT_EQ(::stat(path(there->front().name).c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
}

TEST_F(BackupsTest, NothingIsNone) {
  auto file = folder().begin(at(0), "");
  ASSERT_TRUE(file);
  const auto made = file->finish();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, "backup.empty");
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(BackupsTest, TwoOfOneSecondAreTwo) {
  EXPECT_EQ(make(0, "v1"), "20261128T231757Z-v1.backup");
  EXPECT_EQ(make(0, "v1"), "20261128T231758Z-v1.backup");
}

TEST_F(BackupsTest, TheNewestAreKeptAndNoneOfOthers) {
  for (int i = 0; i < 4; ++i) make(i, i < 2 ? "" : "v1");
  for (const char* name : {"dump.sql", "20250101T000000Z-v0.backup", "20261128T231757Z.backup.old"})
    std::ofstream(path(name)) << "somebody's";
  const auto removed = folder().keep(2, {}, {});
  ASSERT_TRUE(removed);
  EXPECT_EQ(removed->size(), 2U);
  EXPECT_THAT(names(), ElementsAre("20261128T231800Z-v1.backup", "20261128T231759Z-v1.backup"));
  EXPECT_EQ(files().size(), 2 * 2 + 3U);  // with their checksums, and what is no backup of ours
  ASSERT_TRUE(folder().keep(0, {}, {}));
  EXPECT_THAT(names(), ElementsAre("20261128T231800Z-v1.backup"));  // never the last one
}

TEST_F(BackupsTest, WhatCountsForNoneTakesNoPlaceAndGoesWithWhatIsAsOld) {
  for (int i = 0; i < 5; ++i) make(i, "v1");
  const std::vector<std::string> all = names();
  // Of the newest three, two are of half a restore.
  ASSERT_TRUE(folder().keep(2, {all[0], all[1], all[4]}, {}));
  EXPECT_THAT(names(), ElementsAre(all[0], all[1], all[2], all[3]));
  ASSERT_TRUE(folder().keep(1, {all[0]}, {}));
  EXPECT_THAT(names(), ElementsAre(all[0], all[1]));
}

TEST_F(BackupsTest, WhatIsNeedlessGoesFirstAndOnlyWhereSomeMust) {
  for (int i = 0; i < 6; ++i) make(i, "v1");
  const std::vector<std::string> all = names();  // newest first
  std::ofstream(path("20250101T000000Z-v0.backup")) << "somebody's";
  const std::set<std::string> needless = {all[0], all[1], all[3], "20250101T000000Z-v0.backup",
                                          "gone"};
  ASSERT_TRUE(folder().keep(6, {}, needless));
  EXPECT_EQ(names(), all) << "there is room for all";
  ASSERT_TRUE(folder().keep(5, {}, needless));
  EXPECT_THAT(names(), ElementsAre(all[0], all[1], all[2], all[4], all[5]));
  ASSERT_TRUE(folder().keep(3, {}, needless));
  EXPECT_THAT(names(), ElementsAre(all[0], all[2], all[4])) << "never the newest";
  EXPECT_EQ(files().size(), 2 * 3 + 1U);  // with their checksums, and what is no backup of ours
  ASSERT_TRUE(folder().keep(2, {all[2]}, {all[0], all[2], all[4]}));
  EXPECT_THAT(names(), ElementsAre(all[0], all[2])) << "the newer of them takes what place is left";
}

TEST_F(BackupsTest, WhatWasCutOffIsTakenAway) {
  make(0, "v1");
  std::ofstream(path(".20261128T231800Z-v1.backup.partial")) << "half";
  std::ofstream(path("20261128T231800Z-v1.backup.sha256")) << sha256("x");
  make(5, "v1");
  EXPECT_THAT(files(),
              ElementsAre("20261128T231757Z-v1.backup", "20261128T231757Z-v1.backup.sha256",
                          "20261128T231802Z-v1.backup", "20261128T231802Z-v1.backup.sha256"));
}

TEST_F(BackupsTest, IsReadOnlyAsItWasWritten) {
  const auto name = make(0, "v1", std::string(3'000'000, 'r'));
  {
    const auto open = folder().open(name);
    ASSERT_TRUE(open);
    char first = 0;
    EXPECT_EQ(::read(open->get(), &first, 1), 1);
    EXPECT_EQ(first, 'r');
  }
  std::ofstream(path(name), std::ios::app) << "x";
  const auto damaged = folder().open(name);
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code, "backup.damaged");
  for (const char* other : {"../20261128T231757Z-v1.backup", "dump.sql", "", ".."})
    EXPECT_EQ(folder().open(other).error().code, "backup.unknown") << other;
  std::ofstream(path("20261128T231800Z.backup")) << "without a checksum";
  EXPECT_EQ(folder().open("20261128T231800Z.backup").error().code, "backup.unknown");
}

TEST_F(BackupsTest, ALinkIsNone) {
  const auto name = make(0, "v1");
  const std::string real = path(name);
  ASSERT_EQ(::rename(real.c_str(), (top_ + "/elsewhere").c_str()), 0);
  ASSERT_EQ(::symlink((top_ + "/elsewhere").c_str(), real.c_str()), 0);
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_EQ(folder().open(name).error().code, "backup.unknown");
}

TEST_F(BackupsTest, RoomIsLookedAtFirst) {
  const auto name = make(0, "v1");
  // A file that is larger than any disk here, and has no content.
  ASSERT_EQ(::truncate(path(name).c_str(), off_t{1} << 42), 0);
  const auto file = folder().begin(at(5), "v1");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, "backup.no_room");
  EXPECT_THAT(file.error().message, HasSubstr("a backup may need 5.5 TB"));
  EXPECT_THAT(names(), ElementsAre(name));
}

}  // namespace
}  // namespace reconciler
