#include "plugins/docker/services/git_object.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "reconciler/base/filesystem.hpp"

namespace reconciler::docker {
namespace {

class GitObject : public testing::Test {
 protected:
  GitObject() : root_(testing::TempDir() + "git_object." + std::to_string(::getpid())) {
    EXPECT_TRUE(make_folders(root_));
  }
  ~GitObject() override { (void)remove_tree(root_); }
  const std::string root_;
};

TEST_F(GitObject, NamesAFileAsGitDoes) {
  ASSERT_TRUE(replace_file(root_ + "/f", "hello\n"));
  EXPECT_EQ(git_object_id(root_ + "/f"),
            "ce013625030ba8dba906f756967f9e9ca394464a");  // git hash-object
  ASSERT_TRUE(replace_file(root_ + "/empty", ""));
  EXPECT_EQ(git_object_id(root_ + "/empty"), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
}

TEST_F(GitObject, NamesAFolderAsGitDoes) {
  // git: a/ (x), a.txt, run (executable): the folder sorts as "a/", after "a.txt".
  ASSERT_TRUE(make_folders(root_ + "/t/a"));
  ASSERT_TRUE(replace_file(root_ + "/t/a/x", "x\n", 0644));
  ASSERT_TRUE(replace_file(root_ + "/t/a.txt", "hello\n", 0644));
  ASSERT_TRUE(replace_file(root_ + "/t/run", "#!\n", 0755));
  ASSERT_EQ(::chmod((root_ + "/t/run").c_str(), 0755), 0);
  EXPECT_EQ(git_object_id(root_ + "/t"), "fdf3d02f64b6b4d657f66b8592fa86e733f13817");
}

TEST_F(GitObject, SaysNothingOfWhatIsTooLargeOrMissing) {
  ASSERT_TRUE(replace_file(root_ + "/f", std::string(2000, 'a')));
  EXPECT_EQ(git_object_id(root_ + "/f", 1000), std::nullopt);
  EXPECT_EQ(git_object_id(root_ + "/nothing"), std::nullopt);
}

}  // namespace
}  // namespace reconciler::docker
