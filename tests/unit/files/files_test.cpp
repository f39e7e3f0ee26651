// The state files: where they may lie, what they say, and whose they are.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugins/files/driver.hpp"
#include "plugins/files/folder.hpp"
#include "reconciler/base/filesystem.hpp"

namespace reconciler::files {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Silent final : public Progress {
 public:
  void line(std::string_view) override {}
};

class FilesTest : public testing::Test {
 protected:
  FilesTest() {
    char name[] = "/tmp/files-test-XXXXXX";
    root = ::mkdtemp(name);
    request.id = {"portfolio", "production"};
    request.tag = "v1.2.3";
    request.lineage = "ours";
    request.host =
        JsonObject{{"state", root + "/state"},
                   {"state_files", root + "/allowed/portfolio"},
                   {"policy", JsonObject{{"state_files", JsonArray{Json(root + "/allowed")}}}},
                   {"file", "/etc/reconciler/host.yaml"}};
    folder = root + "/allowed/portfolio";
  }
  ~FilesTest() override { (void)remove_tree(root); }

  Deadline soon() const { return {clock, Duration(5000)}; }
  Result<Observation> look() {
    auto prepared = driver.prepare(request, {}, soon());
    if (!prepared) return failed(prepared);
    return driver.observe(request.id, prepared->wanted, memory, {}, soon());
  }
  Result<Outcome> perform(const Work& work) {
    return driver.perform({"1", request.id, request.lineage, "", work}, {}, progress, {});
  }
  void settle() {
    const auto seen = look();
    ASSERT_TRUE(seen) << render(seen.error());
    for (const auto& r : seen->resources)
      for (const auto& [aim, works] : r.remedies)
        for (const auto& work : works) {
          const auto outcome = perform(work);
          ASSERT_TRUE(outcome) << render(outcome.error());
        }
  }
  std::string text(const std::string& name) const {
    return read_file(folder + "/" + name).value_or("(none)");
  }
  void set(const char* key, Json value) { request.host.as_object()[key] = std::move(value); }
  template <class T>
  std::string told(const Result<T>& result) const {
    return result ? "no error\n" : render(result.error());
  }
  static Release release(const std::string& tag) { return {tag, "", "", {}}; }

  SystemClock clock;
  std::string root;
  std::string folder;
  FilesDriver driver;
  Request request;
  Memory memory;
  Silent progress;
};

TEST_F(FilesTest, AFirstDeployWritesTheCurrentTagAlone) {
  settle();
  EXPECT_EQ(text("current_tag"), "v1.2.3\n");
  EXPECT_FALSE(exists(folder + "/prev_tag"));
  EXPECT_EQ(text(".reconciler"),
            "{\"environment\":\"portfolio/production\",\"lineage\":\"ours\"}\n");
  struct stat about {};
  ASSERT_EQ(::stat(folder.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777U, 0755U);
  ASSERT_EQ(::stat((folder + "/current_tag").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777U, 0644U);
}

TEST_F(FilesTest, TheNextDeployMovesTheTags) {
  memory.current = release("v1.2.2");
  memory.previous = release("v1.2.1");
  settle();
  EXPECT_EQ(text("current_tag"), "v1.2.3\n");
  EXPECT_EQ(text("prev_tag"), "v1.2.2\n");
  memory.current = release("v1.2.3");
  memory.previous = release("v1.2.2");
  const auto again = *look();
  for (const auto& r : again.resources)
    EXPECT_EQ(r.desired, r.observed) << "a second look finds nothing";
}

TEST_F(FilesTest, AnEditedFileIsADifferenceWithBothTexts) {
  settle();
  ASSERT_TRUE(replace_file(folder + "/current_tag", "v9\x1b[31m\nand more\n", 0644));
  const auto seen = *look();
  ASSERT_EQ(seen.resources.size(), 1U);
  const Resource& r = seen.resources[0];
  EXPECT_EQ(r.id.text(), "files/state/current_tag");
  EXPECT_THAT(r.differences, ElementsAre(Difference{"current_tag", "v9?[31m?and more", "v1.2.3"}));
  const Work& work = r.remedies.at(Aim::match).at(0);
  EXPECT_EQ(work.phase, Phase::record);
  EXPECT_EQ(work.verb, "record");
  EXPECT_THAT(work.needs, ElementsAre(ResourceId{"ledger", "release", "v1.2.3"}));
  EXPECT_THAT(work.calls, IsEmpty());
  ASSERT_TRUE(perform(work));
  EXPECT_EQ(text("current_tag"), "v1.2.3\n");
}

TEST_F(FilesTest, WhiteSpaceOfAScriptIsNoDifference) {
  ASSERT_TRUE(make_folders(folder, 0755));
  ASSERT_TRUE(replace_file(folder + "/current_tag", "v1.2.3", 0644));
  EXPECT_THAT(look()->resources.at(0).differences, IsEmpty());
}

TEST_F(FilesTest, APrevTagThatNobodyKnowsIsLeftAlone) {
  ASSERT_TRUE(make_folders(folder, 0755));
  ASSERT_TRUE(replace_file(folder + "/prev_tag", "v1.0.0\n", 0644));
  settle();
  EXPECT_EQ(text("prev_tag"), "v1.0.0\n");
}

TEST_F(FilesTest, AFileThatMovedSinceThePlanIsNotOverwritten) {
  settle();
  ASSERT_TRUE(replace_file(folder + "/current_tag", "v1\n", 0644));
  const Work work = look()->resources.at(0).remedies.at(Aim::match).at(0);
  ASSERT_TRUE(replace_file(folder + "/current_tag", "v2\n", 0644));
  EXPECT_EQ(told(perform(work)), "error plan.stale: " + folder +
                                     "/current_tag is not what it was when this was planned\n"
                                     "  now   v2\n"
                                     "  next  reconciler plan portfolio/production\n");
  ::unlink((folder + "/current_tag").c_str());
  EXPECT_EQ(told(perform(work)), "error plan.stale: " + folder +
                                     "/current_tag is not what it was when this was planned\n"
                                     "  now   missing\n"
                                     "  next  reconciler plan portfolio/production\n");
}

TEST_F(FilesTest, AFileThatAppearedSinceThePlanIsNotOverwritten) {
  const Work work = look()->resources.at(0).remedies.at(Aim::match).at(0);
  ASSERT_TRUE(make_folders(folder, 0755));
  ASSERT_TRUE(replace_file(folder + "/current_tag", "v1\n", 0644));
  EXPECT_EQ(perform(work).error().code, "plan.stale");
}

TEST_F(FilesTest, ALinkIsReplacedAndWhatItLeadsToStays) {
  ASSERT_TRUE(make_folders(folder, 0755));
  ASSERT_TRUE(replace_file(root + "/passwd", "v1.2.3\n", 0644));
  ASSERT_EQ(::symlink((root + "/passwd").c_str(), (folder + "/current_tag").c_str()), 0);
  EXPECT_THAT(look()->resources.at(0).differences,
              ElementsAre(Difference{"current_tag", "(not a file)", "v1.2.3"}));
  request.tag = "v1.2.4";
  settle();
  EXPECT_EQ(text("current_tag"), "v1.2.4\n");
  EXPECT_EQ(*read_file(root + "/passwd"), "v1.2.3\n");
}

TEST_F(FilesTest, AFolderThatTheHostDoesNotAllowIsRefused) {
  set("state_files", Json(root + "/elsewhere"));
  EXPECT_EQ(told(look()),
            "#/state_files: error path.policy: state_files \"" + root +
                "/elsewhere\" lies outside the folders that this host allows\n"
                "      | allow it in /etc/reconciler/host.yaml: policy: { state_files: [" +
                root + "/elsewhere] }\n");
  set("state_files", Json(root + "/allowed-not"));
  EXPECT_EQ(look().error().code, "path.policy");
  set("state_files", Json(root + "/allowed/../elsewhere"));
  EXPECT_EQ(told(look()), "#/state_files: error path.policy: state_files \"" + root +
                              "/allowed/../elsewhere\" is not written plainly: \"..\", \".\" and "
                              "\"//\" are not taken\n");
  set("state_files", "state");
  EXPECT_EQ(told(look()),
            "#/state_files: error path.policy: state_files \"state\" is not an absolute path\n");
}

TEST_F(FilesTest, AFolderThatLeadsElsewhereIsRefused) {
  ASSERT_TRUE(make_folders(root + "/allowed", 0755));
  ASSERT_TRUE(make_folders(root + "/secret", 0755));
  ASSERT_EQ(::symlink((root + "/secret").c_str(), folder.c_str()), 0);
  EXPECT_EQ(told(look()),
            "#/state_files: error path.policy: state_files \"" + folder + "\" leads to " + root +
                "/secret, outside the folders that this host allows\n"
                "      | allow it in /etc/reconciler/host.yaml: policy: { state_files: [" +
                folder + "] }\n");
}

TEST_F(FilesTest, UnderTheStateFolderNobodyNeedsToAllowIt) {
  set("policy", JsonObject{});
  set("state_files", "");
  folder = root + "/state/state-files/portfolio/production";
  settle();
  EXPECT_EQ(text("current_tag"), "v1.2.3\n");
}

TEST_F(FilesTest, AnotherReconcilersFolderIsRefusedUntilItIsAdopted) {
  settle();
  request.lineage = "another";
  EXPECT_EQ(
      told(look()),
      "#/state_files: error state.lineage: " + folder +
          " was written by another reconciler; portfolio/production is not this one's\n"
          "      | once the other is gone: reconciler adopt portfolio/production --lineage ours\n"
          "      | theirs  ours\n"
          "      | ours  another\n");
  set("adopted", JsonArray{"another", "ours"});
  request.tag = "v1.2.4";
  settle();
  EXPECT_EQ(text(".reconciler"),
            "{\"environment\":\"portfolio/production\",\"lineage\":\"another\"}\n");
}

TEST_F(FilesTest, AnotherEnvironmentsFolderIsRefused) {
  settle();
  request.id = {"portfolio", "stage"};
  set("adopted", JsonArray{"ours"});
  EXPECT_EQ(told(look()), "#/state_files: error state.lineage: " + folder +
                              " holds the state files of portfolio/production\n"
                              "      | give each environment state_files of its own\n");
}

TEST_F(FilesTest, AFolderThatWasTakenSinceThePlanIsNotWritten) {
  const Work work = look()->resources.at(0).remedies.at(Aim::match).at(0);
  ASSERT_TRUE(write_value(folder, {"portfolio/stage", "ours"}, "prev_tag", "x"));
  EXPECT_EQ(perform(work).error().code, "state.lineage");
  EXPECT_FALSE(exists(folder + "/current_tag"));
}

TEST_F(FilesTest, AnOwnerThatCannotBeReadIsSaid) {
  ASSERT_TRUE(make_folders(folder, 0755));
  ASSERT_TRUE(replace_file(folder + "/.reconciler", "me\n", 0644));
  EXPECT_EQ(told(look()), "#/state_files: error state.unreadable: " + folder +
                              "/.reconciler does not say whose the folder is\n"
                              "      | remove that file if no other reconciler writes there\n");
}

TEST_F(FilesTest, WorkOfOthersIsNotDone) {
  Work work;
  work.verb = "record";
  work.input = JsonObject{{"folder", root}, {"name", "../../etc/passwd"}, {"value", "x"}};
  EXPECT_EQ(told(perform(work)),
            "error driver.work_unknown: files does not know the work record ../../etc/passwd\n");
  EXPECT_EQ(told(driver.recover({"7", request.id, "", "", work}, {}, progress, {})),
            "error driver.work_unknown: files has no work that is done only once, and was asked "
            "about attempt 7\n");
}

}  // namespace
}  // namespace reconciler::files
