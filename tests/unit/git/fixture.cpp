#include "fixture.hpp"

#include <stdlib.h>
#include <sys/stat.h>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/process.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::test {

void GitTest::SetUp() {
  std::string name = ::testing::TempDir() + "/git-test-XXXXXX";
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  root = clean_path(name);
  work = root + "/work";
  remote = root + "/remote.git";
  state = root + "/state";
  ASSERT_TRUE(make_folders(work));
  git({"init", "-q", "-b", "main", "."});
  git({"init", "-q", "--bare", "-b", "main", remote});
  git({"remote", "add", "origin", remote});
}

void GitTest::TearDown() {
  EXPECT_TRUE(remove_tree(root));
}

std::string GitTest::git(std::vector<std::string> arguments, const std::string& input,
                         const std::string& folder) {
  Command command;
  command.argv = {"/usr/bin/git"};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.directory = folder.empty() ? work : folder;
  command.input = input;
  command.environment = {{"PATH", "/usr/bin:/bin"},           {"HOME", root},
                         {"GIT_CONFIG_NOSYSTEM", "1"},        {"GIT_AUTHOR_NAME", "Anna"},
                         {"GIT_AUTHOR_EMAIL", "a@example"},   {"GIT_COMMITTER_NAME", "Anna"},
                         {"GIT_COMMITTER_EMAIL", "a@example"}};
  const auto finished = run_process(command);
  if (!finished || finished->exit_code != 0)
    ADD_FAILURE() << "git " << join(arguments, " ") << ": "
                  << (finished ? finished->err : finished.error().message);
  return finished ? std::string(trim(finished->out)) : "";
}

void GitTest::write(const std::string& path, const std::string& content, unsigned mode) {
  const std::string whole = work + "/" + path;
  ASSERT_TRUE(make_folders(whole.substr(0, whole.rfind('/')), 0755));
  ASSERT_TRUE(replace_file(whole, content, mode));
}

std::string GitTest::commit(const std::string& message) {
  git({"add", "-A"});
  git({"commit", "-q", "--allow-empty", "-m", message});
  git({"push", "-q", "--force", "origin", "HEAD"});
  git({"push", "-q", "--force", "--tags", "origin"});
  return git({"rev-parse", "HEAD"});
}

std::string GitTest::hash(const std::string& content) {
  return git({"hash-object", "-w", "--stdin"}, content);
}

Repository GitTest::repository(const std::string& name) const {
  Repository out;
  out.name = name;
  out.url = remote;
  return out;
}

std::string read(const std::string& path) {
  return read_file(path).value_or("(not there)");
}

std::vector<std::string> names_in(const std::string& folder) {
  return list_folder(folder).value_or(std::vector<std::string>{});
}

}  // namespace reconciler::test
