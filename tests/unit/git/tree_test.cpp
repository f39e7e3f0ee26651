#include "reconciler/git/tree.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/git/mirror.hpp"
#include "reconciler/git/tree_index.hpp"

namespace reconciler::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

unsigned mode_of(const std::string& path) {
  struct stat about {};
  return ::lstat(path.c_str(), &about) == 0 ? about.st_mode : 0U;
}

std::string link_of(const std::string& path) {
  char target[4096];
  const ssize_t n = ::readlink(path.c_str(), target, sizeof target);
  return n < 0 ? "(no link)" : std::string(target, static_cast<size_t>(n));
}

class TreeTest : public GitTest {
 protected:
  TreeAsk ask(const std::string& commit, const std::string& folder = "") {
    Mirror mirror(state, repository(""), MirrorOf::source, helper, clock);
    const auto got = mirror.fetch(soon);
    EXPECT_EQ(said(got), "");
    helper.take();
    return {state, {"portfolio", "production"}, mirror.folder() + "/mirror.git", commit, folder,
            {}};
  }

  /// A commit whose root tree holds one entry that git itself would not make.
  std::string commit_with_entry(const std::string& mode, const std::string& name) {
    const auto blob = hash("content");
    std::string raw;
    for (size_t i = 0; i < blob.size(); i += 2)
      raw += static_cast<char>(std::stoi(blob.substr(i, 2), nullptr, 16));
    const auto tree = git({"hash-object", "-t", "tree", "-w", "--literally", "--stdin"},
                          mode + " " + name + std::string(1, '\0') + raw);
    const auto made = git({"commit-tree", "-m", "odd", tree});
    git({"push", "-q", "--force", "origin", made + ":refs/heads/odd"});
    return made;
  }
};

TEST_F(TreeTest, HasGitsOwnModesAndListsWhatItDoesNotMake) {
  write("plain.txt", "plain\n");
  write("bin/run.sh", "#!/bin/sh\n", 0755);
  write("odd \xc3\xa5\n name", "x");
  ASSERT_EQ(::symlink("/etc/passwd", (work + "/link").c_str()), 0);
  git({"update-index", "--add", "--cacheinfo",
       "160000,0123456789012345678901234567890123456789,module"});
  const auto made = commit("One");
  git({"commit", "-q", "--amend", "-m", "One"});  // `add -A` took the submodule out again
  git({"update-index", "--add", "--cacheinfo",
       "160000,0123456789012345678901234567890123456789,module"});
  git({"commit", "-q", "-m", "With a submodule"});
  git({"push", "-q", "--force", "origin", "HEAD"});
  const auto with_module = git({"rev-parse", "HEAD"});
  static_cast<void>(made);

  const auto tree = export_tree(ask(with_module), helper, soon);
  ASSERT_EQ(said(tree), "");
  EXPECT_EQ(tree->path, state + "/trees/portfolio/production/" + with_module);
  EXPECT_EQ(tree->subject, "With a submodule");
  EXPECT_EQ(mode_of(state + "/trees"), S_IFDIR | 0700U);
  EXPECT_EQ(mode_of(tree->path), S_IFDIR | 0755U);
  EXPECT_EQ(mode_of(tree->path + "/bin"), S_IFDIR | 0755U);
  EXPECT_EQ(mode_of(tree->path + "/bin/run.sh"), S_IFREG | 0755U);
  EXPECT_EQ(mode_of(tree->path + "/plain.txt"), S_IFREG | 0644U);
  EXPECT_EQ(read(tree->path + "/plain.txt"), "plain\n");
  EXPECT_EQ(read(tree->path + "/odd \xc3\xa5\n name"), "x");
  EXPECT_FALSE(exists(tree->path + "/link"));
  EXPECT_FALSE(exists(tree->path + "/module"));
  const auto index = TreeIndex::read(tree->index);
  ASSERT_EQ(said(index), "");
  EXPECT_EQ(index->find("link")->mode, "120000");
  EXPECT_EQ(index->find("module")->mode, "160000");
  EXPECT_EQ(index->find("module")->oid, "0123456789012345678901234567890123456789");
  EXPECT_EQ(index->find("bin")->mode, "040000");
  EXPECT_EQ(index->find("bin")->oid, git({"rev-parse", "HEAD:bin"}));
  EXPECT_EQ(index->find(".")->oid, git({"rev-parse", "HEAD^{tree}"}));
  EXPECT_EQ(index->find("bin/run.sh")->mode, "100755");
  EXPECT_EQ(index->find("bin/run.sh")->oid, git({"rev-parse", "HEAD:bin/run.sh"}));
  EXPECT_EQ(index->find("nothing"), nullptr);
  EXPECT_THAT(names_in(state + "/staging"), IsEmpty());
}

TEST_F(TreeTest, IsMadeOnceAndThenStartsNothing) {
  write("a", "1");
  const auto wanted = ask(commit("One"));
  EXPECT_FALSE(known_tree(wanted));
  ASSERT_EQ(said(export_tree(wanted, helper, soon)), "");
  EXPECT_THAT(helper.take(), ElementsAre("export"));
  EXPECT_TRUE(known_tree(wanted));
  ASSERT_EQ(said(export_tree(wanted, helper, soon)), "");
  EXPECT_THAT(helper.take(), IsEmpty());
}

TEST_F(TreeTest, HasTheFolderAloneAsItsRoot) {
  write("app/compose.yml", "x");
  write("other/file", "y");
  const auto tree = export_tree(ask(commit("One"), "app"), helper, soon);
  ASSERT_EQ(said(tree), "");
  EXPECT_THAT(names_in(tree->path), ElementsAre("compose.yml"));
  auto missing = ask(git({"rev-parse", "HEAD"}), "nowhere");
  EXPECT_EQ(
      said(export_tree(missing, helper, soon)),
      "path.not_found: there is no folder \"nowhere\" at commit " + missing.commit.substr(0, 8));
  missing.folder = "../x";
  EXPECT_EQ(said(export_tree(missing, helper, soon)),
            "path.escape: \"../x\" is not a folder of the repository");
  missing.folder = "/etc";
  EXPECT_EQ(said(export_tree(missing, helper, soon)),
            "path.escape: \"/etc\" is not a folder of the repository");
  missing.folder = "app/compose.yml";
  EXPECT_EQ(export_tree(missing, helper, soon).error().code, "path.not_found");
}

TEST_F(TreeTest, WritesNoNameThatLeadsElsewhere) {
  commit("One");
  const std::pair<std::string, std::string> cases[] = {
      {"..", "\"..\", leads elsewhere"},  {".", "\".\", leads elsewhere"},
      {".git", "\".git\", is git's own"}, {".GiT", "\".GiT\", is git's own"},
      {"a/b", "\"a/b\", holds a slash"},  {"/etc/x", "\"/etc/x\", holds a slash"},
      {"a\xff", "\"a?\", is not UTF-8"},
  };
  for (const auto& [name, rule] : cases) {
    const auto got = export_tree(ask(commit_with_entry("100644", name)), helper, soon);
    const auto text = said(got);
    EXPECT_TRUE(text == "git.path_unsafe: a name in the tree, " + rule ||
                text.starts_with("git.corrupt: "))
        << text;
    EXPECT_FALSE(exists(state + "/staging/content"));
  }
  EXPECT_THAT(names_in(state + "/staging"), IsEmpty());
  EXPECT_FALSE(exists(state + "/trees/portfolio/production"));
}

TEST_F(TreeTest, LinksWhatTheHostFilePlacesThere) {
  write("certs/self-signed.pem", "from git");
  write(".env.production", "FROM=git\n");
  write("deep/er/file", "git");
  auto wanted = ask(commit("One"));
  wanted.files = {{".env.production", "/opt/portfolio/.env"},
                  {"certs", "/etc/letsencrypt/live/example.com"},
                  {"conf/local/extra.conf", "/opt/extra.conf"}};
  auto tree = export_tree(wanted, helper, soon);
  ASSERT_EQ(said(tree), "");
  EXPECT_EQ(link_of(tree->path + "/.env.production"), "/opt/portfolio/.env");
  EXPECT_EQ(link_of(tree->path + "/certs"), "/etc/letsencrypt/live/example.com");
  EXPECT_EQ(link_of(tree->path + "/conf/local/extra.conf"), "/opt/extra.conf");
  EXPECT_EQ(mode_of(tree->path + "/conf"), S_IFDIR | 0755U);
  const auto index = TreeIndex::read(tree->index);
  EXPECT_EQ(index->find("certs"), nullptr);
  EXPECT_EQ(index->find("certs/self-signed.pem"), nullptr);
  EXPECT_EQ(index->find(".env.production"), nullptr);
  EXPECT_NE(index->find("deep/er/file"), nullptr);

  helper.take();
  wanted.files.erase("certs");  // the host file changed: what git has is back
  tree = export_tree(wanted, helper, soon);
  ASSERT_EQ(said(tree), "");
  EXPECT_THAT(helper.take(), ElementsAre("export"));
  EXPECT_EQ(read(tree->path + "/certs/self-signed.pem"), "from git");
}

TEST_F(TreeTest, PlacesNothingOutsideTheTree) {
  write("a", "1");
  auto wanted = ask(commit("One"));
  const auto with = [&](std::map<std::string, std::string> files) {
    wanted.files = std::move(files);
    return said(export_tree(wanted, helper, soon));
  };
  for (const char* place : {"../x", "/etc/x", "a//b", "", "./a", "a/..", ".git/config"})
    EXPECT_EQ(with({{place, "/opt/x"}}),
              "path.escape: files: \"" + std::string(place) + "\" is no place in the tree");
  EXPECT_EQ(with({{"x", "opt/x"}}), "path.escape: files: \"opt/x\" is not an absolute path");
  const std::string real = root + "/real";
  ASSERT_TRUE(make_folders(real));
  EXPECT_EQ(with({{"certs", real}, {"certs/new/key", "/opt/key"}}),
            "path.escape: files: \"certs/new/key\" lies under something that is no folder of the "
            "tree");
  EXPECT_THAT(names_in(real), IsEmpty());
  EXPECT_EQ(with({{"a/b", "/opt/x"}}),
            "path.escape: files: \"a/b\" lies under something that is no folder of the tree");
}

TEST_F(TreeTest, IsBoundedInFilesAndBytes) {
  for (int i = 0; i < 8; ++i) write("f" + std::to_string(i), std::string(1 << 20, 'a'));
  const auto wanted = ask(commit("One"));
  const auto exported = [&](const char* limit, int most) {
    return said(helper.call("export",
                            JsonObject{{"mirror", wanted.mirror},
                                       {"commit", wanted.commit},
                                       {"folder", ""},
                                       {"destination", root + "/" + limit},
                                       {limit, most}},
                            soon));
  };
  EXPECT_EQ(exported("most_files", 3), "git.too_large: the tree has more than 3 files");
  EXPECT_EQ(exported("most_bytes", 2 << 20),
            "git.too_large: the tree holds more than 2 MiB; f2 is where it passed that");
}

TEST_F(TreeTest, RemovesTheOthersAndNotOneMore) {
  std::vector<std::string> commits;
  for (int i = 0; i < 4; ++i) {
    write("a", std::to_string(i));
    commits.push_back(commit("One"));
    ASSERT_EQ(said(export_tree(ask(commits.back()), helper, soon)), "");
  }
  const EnvironmentId id{"portfolio", "production"};
  ASSERT_TRUE(remove_other_trees(state, id, {commits[1], commits[3]}));
  EXPECT_EQ(names_in(state + "/trees/portfolio/production").size(), 6U);
  EXPECT_TRUE(known_tree(ask(commits[1])));
  EXPECT_TRUE(known_tree(ask(commits[3])));
  EXPECT_FALSE(known_tree(ask(commits[2])));
  EXPECT_TRUE(remove_other_trees(state, {"portfolio", "stage"}, {}));
}

TEST_F(TreeTest, NoneIsTidiedAwayWhileSomebodyReads) {
  write("a", "1");
  const auto wanted = ask(commit("One"));
  const EnvironmentId id{"portfolio", "production"};
  {
    const auto read = export_tree(wanted, helper, soon);
    ASSERT_EQ(said(read), "");
    const auto also = export_tree(wanted, helper, soon);
    ASSERT_EQ(said(also), "") << "they do not keep each other out";
    ASSERT_TRUE(remove_other_trees(state, id, {}));
    EXPECT_TRUE(known_tree(wanted));
  }
  ASSERT_TRUE(remove_other_trees(state, id, {}));
  EXPECT_FALSE(known_tree(wanted));
}

TEST_F(TreeTest, IsMadeWhereNoLockCanBe) {
  write("a", "1");
  const auto wanted = ask(commit("One"));
  ASSERT_EQ(said(export_tree(wanted, helper, soon)), "");
  const std::string lock = state + "/trees/portfolio/production.lock";
  ASSERT_EQ(::unlink(lock.c_str()), 0);
  ASSERT_EQ(::mkdir(lock.c_str(), 0700), 0);
  const auto read = export_tree(wanted, helper, soon);
  EXPECT_EQ(said(read), "");
  ASSERT_TRUE(remove_other_trees(state, {"portfolio", "production"}, {}));
  EXPECT_TRUE(known_tree(wanted)) << "who reads it is not known";
}

TEST_F(TreeTest, OneThatIsHalfRemovedIsNoneAndGoesLater) {
  write("a/one", "1");
  const auto first = commit("One");
  ASSERT_EQ(said(export_tree(ask(first), helper, soon)), "");
  const std::string tree = state + "/trees/portfolio/production/" + first;
  if (::mount("tmpfs", (tree + "/a").c_str(), "tmpfs", 0, "size=64k") != 0)
    GTEST_SKIP() << "cannot mount a tmpfs here";
  EXPECT_FALSE(remove_other_trees(state, {"portfolio", "production"}, {})) << "it is in use";
  const auto left = names_in(state + "/trees/portfolio/production");
  for (const auto& name : left)
    ::umount2(fmt::format("{}/trees/portfolio/production/{}/a", state, name).c_str(), MNT_DETACH);
  EXPECT_THAT(left, testing::Contains(testing::StartsWith(first + ".removed-")));
  EXPECT_FALSE(known_tree(ask(first)));
  ASSERT_EQ(said(export_tree(ask(first), helper, soon)), "");
  EXPECT_EQ(read(tree + "/a/one"), "1");
  ASSERT_TRUE(remove_other_trees(state, {"portfolio", "production"}, {first}));
  EXPECT_THAT(names_in(state + "/trees/portfolio/production"),
              testing::UnorderedElementsAre(first, first + ".about", first + ".index"));
}

/// Answers an export with what the test puts into the staging folder.
class LyingHelper final : public Helper {
 public:
  std::function<void(const std::string& destination)> make;
  Result<Json> call(const std::string&, const Json& request, Duration, std::stop_token) override {
    const auto destination = text_at(request, "destination");
    EXPECT_EQ(::mkdir(destination.c_str(), 0755), 0);
    make(destination);
    return Json(JsonObject{{"subject", ""}});
  }
};

TEST_F(TreeTest, TakesOverOnlyWhatTheListHas) {
  const std::string commit(40, 'a');
  const std::string list =
      R"([{"path":".","mode":"040000","oid":"0"},{"path":"a","mode":"100644","oid":"1"}])";
  const auto with = [&](std::function<void(const std::string&)> make) {
    LyingHelper lying;
    lying.make = [&](const std::string& to) {
      EXPECT_TRUE(replace_file(to + ".index", list));
      make(to);
    };
    const TreeAsk wanted{state, {"a", "b"}, "/m.git", commit, "", {}};
    return said(export_tree(wanted, lying, soon));
  };
  EXPECT_EQ(with([](const std::string&) {}).substr(0, 19), "git.export_differs:");
  EXPECT_EQ(with([](const std::string& to) {
              EXPECT_TRUE(replace_file(to + "/a", "", 0644));
              EXPECT_TRUE(replace_file(to + "/b", "", 0644));
            }),
            "git.export_differs: the export of \"b\" is not in the list of what was exported");
  EXPECT_EQ(with([](const std::string& to) {
              EXPECT_EQ(::symlink("/etc/passwd", (to + "/a").c_str()), 0);
            }),
            "git.export_differs: the export of \"a\" is no plain file or folder");
  EXPECT_EQ(with([](const std::string& to) { EXPECT_TRUE(replace_file(to + "/a", "", 04755)); }),
            "git.export_differs: the export of \"a\" has another mode than in git");
  EXPECT_EQ(with([&](const std::string& to) {
              EXPECT_TRUE(replace_file(root + "/other", "", 0644));
              EXPECT_EQ(::link((root + "/other").c_str(), (to + "/a").c_str()), 0);
            }),
            "git.export_differs: the export of \"a\" is no plain file");
  EXPECT_EQ(with([](const std::string& to) { EXPECT_TRUE(replace_file(to + "/a", "", 0644)); }),
            "");
}

}  // namespace
}  // namespace reconciler::test
