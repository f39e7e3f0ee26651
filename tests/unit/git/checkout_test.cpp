// A person's working copy: one file is committed and nothing besides, by whom it belongs to.
#include "reconciler/git/checkout.hpp"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::test {
namespace {

class CheckoutTest : public GitTest {
 protected:
  void SetUp() override {
    GitTest::SetUp();
    ::setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
    git({"config", "user.name", "Anna"});
    git({"config", "user.email", "a@example"});
    write("web/production.yaml", "tag: v1\r\n");
    write("other", "one\n");
    commit("first");
    git({"branch", "-q", "--set-upstream-to", "origin/main"}, "", track());
  }
  void TearDown() override {
    ::unsetenv("GIT_CONFIG_GLOBAL");
    GitTest::TearDown();
  }
  /// What was pushed is known as the remote's.
  std::string track() {
    git({"fetch", "-q", "origin"});
    return work;
  }
  Checkout opened() {
    auto checkout = Checkout::open(work);
    EXPECT_TRUE(checkout) << said(checkout);
    return std::move(*checkout);
  }
  Result<std::string> set(const std::string& tag = "v2") {
    return opened().commit("web/production.yaml", "tag: v1\r\n", "tag: " + tag + "\r\n",
                           "web/production " + tag);
  }
  void hook(const std::string& name, const std::string& script, const std::string& of = "") {
    const std::string folder = (of.empty() ? work + "/.git" : of) + "/hooks";
    ASSERT_TRUE(make_folders(folder, 0755));
    ASSERT_TRUE(replace_file(folder + "/" + name, "#!/bin/sh\n" + script + "\n", 0755));
  }
  /// Another one pushes to the remote.
  void push_of_another() {
    git({"clone", "-q", remote, root + "/another"});
    git({"commit", "-q", "--allow-empty", "-m", "of another"}, "", root + "/another");
    git({"push", "-q", "origin", "HEAD"}, "", root + "/another");
  }
};

TEST_F(CheckoutTest, CommitsThatFileAloneAndKeepsWhatElseIsStagedOrChanged) {
  write("other", "two\n");
  git({"add", "other"});
  write("other", "three\n");
  write("new", "new\n");
  ASSERT_EQ(said(opened().check_file("web/production.yaml")), "");
  const auto made = set();
  ASSERT_EQ(said(made), "");
  EXPECT_EQ(*made, git({"rev-parse", "HEAD"}));
  EXPECT_EQ(git({"show", "--format=%an: %s", "--name-only", "HEAD"}),
            "Anna: web/production v2\n\nweb/production.yaml");
  EXPECT_EQ(git({"status", "--porcelain"}), "MM other\n?? new");
  EXPECT_EQ(opened().uncommitted(""), (std::vector<std::string>{"other", "new"}));
  EXPECT_EQ(opened().uncommitted("web"), std::vector<std::string>{});
  EXPECT_EQ(git({"show", "HEAD:web/production.yaml"}), "tag: v2");
  EXPECT_EQ(read(work + "/web/production.yaml"), "tag: v2\r\n");
  ASSERT_EQ(said(opened().push(*made)), "");
  EXPECT_EQ(git({"rev-parse", "main"}, "", remote), *made);
}

TEST_F(CheckoutTest, AHookThatRefusesLeavesTheFileAsItWas) {
  hook("pre-commit", "echo 'tags are set on Mondays' >&2; exit 1");
  const auto made = set();
  ASSERT_FALSE(made);
  EXPECT_EQ(render(made.error()),
            "error checkout.refused: git did not commit it; web/production.yaml is as it was\n"
            "  said  tags are set on Mondays\n"
            "  next  mend what it says; by hand it is: git -C " +
                work + " commit -m \"web/production v2\" -- web/production.yaml\n");
  EXPECT_EQ(read(work + "/web/production.yaml"), "tag: v1\r\n");
  EXPECT_EQ(git({"status", "--porcelain"}), "");
}

TEST_F(CheckoutTest, APushThatIsRefusedKeepsTheCommitAndSaysWhatToType) {
  hook("pre-receive", "echo 'main is protected' >&2; exit 1", remote);
  const auto made = set();
  ASSERT_EQ(said(made), "");
  const auto pushed = opened().push(*made);
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.error().code, "checkout.push_refused");
  EXPECT_EQ(pushed.error().message, "origin did not take main: pre-receive hook declined");
  EXPECT_EQ(pushed.error().facts.at(0).text,
            made->substr(0, 7) + " stays on main in " + work + ", not pushed");
  EXPECT_EQ(pushed.error().facts.at(1).text, "remote: main is protected");
  EXPECT_EQ(pushed.error().hint,
            "push it to a branch of its own: git -C " + work +
                " push origin HEAD:refs/heads/BRANCH; or take it back: git -C " + work +
                " reset --keep HEAD~1");
  EXPECT_EQ(git({"rev-parse", "HEAD"}), *made);
}

TEST_F(CheckoutTest, WhatWasChangedMeanwhileIsNotWrittenOver) {
  write("web/production.yaml", "tag: v7\n");
  EXPECT_EQ(said(set()), "checkout.moved: web/production.yaml was changed meanwhile");
  EXPECT_EQ(read(work + "/web/production.yaml"), "tag: v7\n");
}

TEST_F(CheckoutTest, IsNotBehindItsRemote) {
  push_of_another();
  EXPECT_EQ(said(opened().check_behind()), "");  // nobody was asked
  EXPECT_EQ(said(opened().check_push()),
            "checkout.behind: main in " + work + " is 1 commit behind main of origin");
  git({"pull", "-q", "--rebase"});
  EXPECT_EQ(said(opened().check_push()), "");
  git({"commit", "-q", "--allow-empty", "-m", "mine"});
  EXPECT_EQ(said(opened().check_push()),
            "checkout.unpushed: main in " + work +
                " has 1 commit that is not pushed, and would go along");
  ASSERT_TRUE(remove_tree(remote));
  EXPECT_EQ(said(opened().check_push()),
            "checkout.unreachable: origin cannot be asked where main is");
  git({"remote", "remove", "origin"});
  EXPECT_EQ(said(opened().check_push()),
            "checkout.no_remote: main in " + work + " has no remote to be pushed to");
}

TEST_F(CheckoutTest, IsRunAsTheOneWhomItBelongsTo) {
  ASSERT_EQ(::geteuid(), 0U) << "tests run as root";
  hook("pre-commit", "id -u >who");
  ASSERT_EQ(::chmod(root.c_str(), 0755), 0);
  git({"-c", "safe.directory=*", "status", "-s"});
  Command command;
  command.argv = {"/usr/bin/chown", "-R", "nobody", work};
  ASSERT_EQ(run_process(command)->exit_code, 0);
  const auto made = set();
  ASSERT_EQ(said(made), "");
  EXPECT_EQ(trim(read(work + "/who")), "65534");
  struct stat about {};
  ASSERT_EQ(::stat((work + "/web/production.yaml").c_str(), &about), 0);
  EXPECT_EQ(about.st_uid, 65534U);
}

}  // namespace
}  // namespace reconciler::test
