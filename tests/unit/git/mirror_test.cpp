#include "reconciler/git/mirror.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixture.hpp"
#include "reconciler/base/filesystem.hpp"

namespace reconciler::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class MirrorTest : public GitTest {
 protected:
  Mirror config() { return {state, repository(), MirrorOf::config, helper, clock}; }
  Mirror source() { return {state, repository(""), MirrorOf::source, helper, clock}; }
};

TEST_F(MirrorTest, BringsManifestsRefsAndTheLastChangeOfEachFolder) {
  write("portfolio/reconciler.yaml", "name: portfolio\n");
  write("portfolio/environments/production.yaml", "tag: v1\n");
  write("portfolio/docker-compose.yml", "services: {}\n");
  const auto first = commit("Portfolio as it runs");
  git({"tag", "-a", "v1", "-m", "annotated"});
  write("blog/reconciler.yaml", "name: blog\n");
  write("docs/README.md", "text\n");
  const auto second = commit("A blog\n\nwith a body");

  const auto got = config().fetch(soon);
  ASSERT_EQ(said(got), "");
  EXPECT_EQ(got->commit, second);
  EXPECT_EQ(got->branch, "main");
  EXPECT_EQ(got->subject, "A blog");
  EXPECT_EQ(got->author, "Anna");
  EXPECT_EQ(got->refs.at("refs/tags/v1"), first);
  EXPECT_EQ(got->refs.at("refs/heads/main"), second);
  EXPECT_EQ(got->touched.at("portfolio"), (Change{first, "Portfolio as it runs"}));
  EXPECT_EQ(got->touched.at("blog"), (Change{second, "A blog"}));
  EXPECT_EQ(got->touched.at(""), (Change{second, "A blog"}));
  EXPECT_EQ(got->folder, state + "/repositories/deploy/trees/" + second);
  EXPECT_EQ(read(got->folder + "/portfolio/environments/production.yaml"), "tag: v1\n");
  EXPECT_EQ(read(got->folder + "/blog/reconciler.yaml"), "name: blog\n");
  EXPECT_FALSE(exists(got->folder + "/portfolio/docker-compose.yml"));
  EXPECT_FALSE(exists(got->folder + "/docs"));

  // One application is told what is its own, and all of the commit.
  Snapshot own = of_folder(*got, "blog");
  EXPECT_EQ(own.folder + own.mirror + own.repository, got->folder + got->mirror + got->repository);
  EXPECT_EQ(own.touched, (std::map<std::string, Change>{{"", {second, "A blog"}},
                                                        {"blog", {second, "A blog"}}}));
  EXPECT_TRUE(own.refs.empty());
  own.refs = got->refs;
  own.touched = got->touched;
  EXPECT_EQ(to_json(own), to_json(*got));
}

TEST_F(MirrorTest, StartsOneProcessWhereNothingIsNewAndNoneForWhatIsHad) {
  write("a/reconciler.yaml", "");
  commit("One");
  ASSERT_EQ(said(config().fetch(soon)), "");
  EXPECT_THAT(helper.take(), ElementsAre("fetch", "export", "last-change"));
  const auto again = config().fetch(soon);
  EXPECT_THAT(helper.take(), ElementsAre("fetch"));
  const auto last = config().last();
  ASSERT_EQ(said(last), "");
  EXPECT_EQ(last->commit, again->commit);
  EXPECT_EQ(last->touched, again->touched);
  EXPECT_EQ(last->folder, again->folder);
  EXPECT_EQ(last->fetched_at, again->fetched_at);
  EXPECT_THAT(helper.take(), IsEmpty());
}

TEST_F(MirrorTest, KeepsTheNewestManifestsAlone) {
  write("a/reconciler.yaml", "");
  commit("One");
  ASSERT_EQ(said(config().fetch(soon)), "");
  const auto second = commit("Two");
  ASSERT_EQ(said(config().fetch(soon)), "");
  EXPECT_THAT(names_in(state + "/repositories/deploy/trees"),
              ElementsAre(second, second + ".index"));
}

TEST_F(MirrorTest, ManifestsThatAreHalfThereAreNoneAndAreFetchedAnew) {
  write("a/reconciler.yaml", "manifest");
  const auto first = commit("One");
  ASSERT_EQ(said(config().fetch(soon)), "");
  // As a removal leaves them that was cut off, or a cut of power before their index was durable.
  const std::string tree = state + "/repositories/deploy/trees/" + first;
  ASSERT_TRUE(remove_tree(tree + ".index"));
  ASSERT_TRUE(remove_tree(tree + "/a"));
  EXPECT_EQ(said(config().last()),
            "git.never_fetched: nothing of " + remote + " is on this host yet");
  ASSERT_EQ(said(config().fetch(soon)), "");
  EXPECT_EQ(config().last()->commit, first);
  EXPECT_EQ(read(tree + "/a/reconciler.yaml"), "manifest");
}

TEST_F(MirrorTest, FollowsTheSideThatTouchedAFolderThroughAMerge) {
  write("a/reconciler.yaml", "1");
  commit("Base");
  git({"checkout", "-q", "-b", "side"});
  write("a/reconciler.yaml", "2");
  const auto touched = commit("Touched on the side");
  git({"checkout", "-q", "main"});
  write("b/reconciler.yaml", "1");
  commit("Elsewhere");
  git({"merge", "-q", "--no-ff", "-m", "Merge", "side"});
  commit("Empty");
  const auto got = config().fetch(soon);
  ASSERT_EQ(said(got), "");
  EXPECT_EQ(got->touched.at("a").commit, touched);
  EXPECT_EQ(got->touched.at("a").commit, git({"log", "-1", "--format=%H", "--", "a"}));
}

TEST_F(MirrorTest, SaysThatNothingWasFetchedYet) {
  const auto last = config().last();
  EXPECT_EQ(said(last), "git.never_fetched: nothing of " + remote + " is on this host yet");
  EXPECT_EQ(last.error().hint, "reconciler plan, which fetches it");
}

TEST_F(MirrorTest, WhatWasFetchedFromElsewhereUnderTheSameNameIsNotServed) {
  const auto first = commit("One");
  ASSERT_EQ(said(config().fetch(soon)), "");
  auto mistyped = repository();
  mistyped.url = remote + "x";
  Mirror mirror(state, mistyped, MirrorOf::config, helper, clock);
  const auto got = mirror.fetch(soon);
  EXPECT_EQ(said(got), "git.unreachable: there is no folder " + mistyped.url + " to fetch from");
  EXPECT_EQ(got.error().hint,
            "reconciler doctor; what is fetched is named by --repo, or in the host file");
  EXPECT_TRUE(got.error().facts.empty());
  EXPECT_EQ(said(mirror.last()),
            "git.never_fetched: nothing of " + mistyped.url + " is on this host yet");
  EXPECT_EQ(config().last()->commit, first);
}

TEST_F(MirrorTest, OneThatIsOnNoBranchIsNotTakenForOneWhoseBranchIsGone) {
  const auto first = commit("One");
  for (int i = 0; i < 2; ++i) {  // seen for the first time, and known
    git({"update-ref", "--no-deref", "HEAD", first}, "", remote);
    const auto got = config().fetch(soon);
    EXPECT_EQ(said(got), "git.ref_not_found: " + remote +
                             " is on no branch (detached HEAD), and none is named");
    EXPECT_EQ(got.error().hint,
              "git switch main there; or name one in the host file: branch: main");
    git({"symbolic-ref", "HEAD", "refs/heads/main"}, "", remote);
    ASSERT_EQ(said(config().fetch(soon)), "");
  }
}

TEST_F(MirrorTest, HoldsAtARewrittenBranchUntilItLeadsOnAgain) {
  write("a/reconciler.yaml", "1");
  commit("One");
  write("a/reconciler.yaml", "2");
  const auto kept = commit("Two");
  ASSERT_EQ(said(config().fetch(soon)), "");
  git({"reset", "-q", "--hard", "HEAD^"});
  write("a/reconciler.yaml", "3");
  const auto other = commit("Another two");

  for (int i = 0; i < 2; ++i) {  // asking again does not accept it
    const auto got = config().fetch(soon);
    EXPECT_EQ(said(got), "git.history_rewritten: branch main of deploy was rewritten: " +
                             kept.substr(0, 8) + " is not an ancestor of " + other.substr(0, 8));
    EXPECT_EQ(got.error().hint, "push a commit that descends from " + kept.substr(0, 8) +
                                    "; or, to accept what is there, remove " + state +
                                    "/repositories/deploy");
    EXPECT_EQ(got.error().lasting, Lasting::terminal);
    const auto last = config().last();
    ASSERT_EQ(said(last), "");
    EXPECT_EQ(last->commit, kept);
    EXPECT_TRUE(last->moved_backwards);
    EXPECT_EQ(last->offered, other);
    EXPECT_EQ(read(last->folder + "/a/reconciler.yaml"), "2");
  }
  git({"reset", "-q", "--hard", kept});
  const auto next = commit("Three");
  const auto got = config().fetch(soon);
  ASSERT_EQ(said(got), "");
  EXPECT_EQ(got->commit, next);
  EXPECT_FALSE(got->moved_backwards);
}

TEST_F(MirrorTest, HoldsAtABranchThatMovedBack) {
  const auto first = commit("One");
  const auto second = commit("Two");
  ASSERT_EQ(said(config().fetch(soon)), "");
  git({"push", "-q", "--force", "origin", first + ":main"});
  EXPECT_EQ(said(config().fetch(soon)),
            "git.history_rewritten: branch main of deploy was rewritten: " + second.substr(0, 8) +
                " is not an ancestor of " + first.substr(0, 8));
}

TEST_F(MirrorTest, HoldsWhenTheBranchIsGone) {
  const auto first = commit("One");
  auto with_branch = repository();
  with_branch.branch = "main";
  Mirror mirror(state, with_branch, MirrorOf::config, helper, clock);
  ASSERT_EQ(said(mirror.fetch(soon)), "");
  git({"push", "-q", "origin", "HEAD:other"});
  git({"update-ref", "-d", "refs/heads/main"}, "", remote);
  EXPECT_EQ(
      said(mirror.fetch(soon)),
      "git.history_rewritten: branch main of deploy is gone; it was at " + first.substr(0, 8));
  EXPECT_EQ(mirror.last()->commit, first);
}

TEST_F(MirrorTest, NamesTheBranchThatIsMeant) {
  commit("One");
  auto wrong = repository();
  wrong.branch = "mian";
  const auto got = Mirror(state, wrong, MirrorOf::config, helper, clock).fetch(soon);
  EXPECT_EQ(said(got), "git.ref_not_found: " + remote + " has no branch \"mian\"");
  EXPECT_EQ(got.error().hint, "did you mean \"main\"?");
}

TEST_F(MirrorTest, SaysThatThereIsNoFirstCommit) {
  const auto got = config().fetch(soon);
  EXPECT_EQ(said(got), "git.ref_not_found: " + remote + " names no default branch");
  EXPECT_EQ(got.error().hint, "push a first commit to it");
}

TEST_F(MirrorTest, GoesOnServingWhenTheRemoteIsGone) {
  const auto first = commit("One");
  ASSERT_EQ(said(config().fetch(soon)), "");
  ASSERT_EQ(::rename(remote.c_str(), (remote + ".away").c_str()), 0);
  const auto got = config().fetch(soon);
  EXPECT_EQ(said(got), "git.unreachable: there is no folder " + remote + " to fetch from");
  EXPECT_EQ(got.error().lasting, Lasting::transient);
  ASSERT_FALSE(got.error().facts.empty());
  EXPECT_EQ(got.error().facts.back().label, "have");
  EXPECT_THAT(got.error().facts.back().text, HasSubstr("main at " + first.substr(0, 8)));
  EXPECT_EQ(config().last()->commit, first);
}

TEST_F(MirrorTest, MakesADamagedMirrorAnew) {
  write("a/reconciler.yaml", std::string(5000, 'x'));
  const auto first = commit("One");
  ASSERT_EQ(said(config().fetch(soon)), "");
  const std::string packs = state + "/repositories/deploy/mirror.git/objects/pack";
  int cut = 0;
  for (const auto& name : names_in(packs))
    if (name.ends_with(".pack") && ::truncate((packs + "/" + name).c_str(), 40) == 0) ++cut;
  ASSERT_EQ(cut, 1);
  const auto got = config().fetch(soon);
  ASSERT_EQ(said(got), "");
  EXPECT_EQ(got->commit, first);
  EXPECT_THAT(names_in(state + "/repositories/deploy"),
              ElementsAre("lock", "mirror.git", "refs.json", "trees", "trees.lock"));
}

TEST_F(MirrorTest, ManifestsStayWhileTheyAreRead) {
  write("a/reconciler.yaml", "one");
  const auto first = commit("One");
  auto read = config().fetch(soon);
  ASSERT_EQ(said(read), "");
  write("a/reconciler.yaml", "two");
  const auto second = commit("Two");
  ASSERT_EQ(said(config().fetch(soon)), "");
  EXPECT_TRUE(exists(read->folder + "/a/reconciler.yaml"));
  read->held.reset();
  ASSERT_EQ(said(config().fetch(soon)), "");
  EXPECT_THAT(names_in(state + "/repositories/deploy/trees"),
              ElementsAre(second, second + ".index"));
}

TEST_F(MirrorTest, MakesAMirrorAnewThatIsNoRepository) {
  commit("One");
  ASSERT_EQ(said(config().fetch(soon)), "");
  ASSERT_TRUE(replace_file(state + "/repositories/deploy/mirror.git/HEAD", ""));
  ASSERT_TRUE(remove_tree(state + "/repositories/deploy/mirror.git/refs"));
  const auto second = commit("Two");
  const auto got = config().fetch(soon);
  ASSERT_EQ(said(got), "");
  EXPECT_EQ(got->commit, second);
}

TEST_F(MirrorTest, ARewriteDoesNotHideBehindADamagedMirror) {
  commit("One");
  const auto kept = commit("Two");
  ASSERT_EQ(said(config().fetch(soon)), "");
  git({"reset", "-q", "--hard", "HEAD^"});
  commit("Another two");
  ASSERT_TRUE(remove_tree(state + "/repositories/deploy/mirror.git"));
  EXPECT_EQ(config().fetch(soon).error().code, "git.history_rewritten");
  EXPECT_EQ(config().last()->commit, kept);
}

TEST_F(MirrorTest, RefusesAManifestThatIsALink) {
  write("a/reconciler.yaml", "");
  const auto first = commit("One");
  ASSERT_EQ(said(config().fetch(soon)), "");
  ASSERT_TRUE(remove_tree(work + "/a/reconciler.yaml"));
  ASSERT_EQ(::symlink("/etc/passwd", (work + "/a/reconciler.yaml").c_str()), 0);
  const auto second = commit("A link");
  EXPECT_EQ(said(config().fetch(soon)),
            "path.symlink: a/reconciler.yaml is a symbolic link at commit " + second.substr(0, 8));
  EXPECT_EQ(config().last()->commit, first);
}

TEST_F(MirrorTest, ASilentRemoteCostsTheTimeoutAndNoMore) {
  const int listening = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listening, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listening, 5), 0);
  ASSERT_EQ(::getsockname(listening, reinterpret_cast<sockaddr*>(&address), &size), 0);
  auto silent = repository("silent");
  silent.url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/deploy.git";
  const auto begun = clock.now();
  const auto got =
      Mirror(state, silent, MirrorOf::config, helper, clock).fetch(std::chrono::seconds(1));
  EXPECT_EQ(said(got), "git.unreachable: " + silent.url + " did not answer within 1 s");
  EXPECT_EQ(got.error().lasting, Lasting::transient);
  EXPECT_LT(clock.now() - begun, std::chrono::seconds(4));
  ::close(listening);
}

TEST_F(MirrorTest, ASourceNeedsNoDefaultBranchAndMayBeRewritten) {
  git({"checkout", "-q", "-b", "trunk"});
  commit("One");  // the remote's HEAD names main, which is not there
  git({"tag", "v1"});
  const auto first = commit("Two");
  auto got = source().fetch(soon);
  ASSERT_EQ(said(got), "");
  EXPECT_EQ(got->commit, "");
  EXPECT_EQ(got->refs.at("refs/heads/trunk"), first);
  EXPECT_THAT(helper.take(), ElementsAre("fetch"));
  git({"reset", "-q", "--hard", "HEAD^"});
  const auto other = commit("Another two");
  git({"push", "-q", "origin", ":refs/tags/v1"});
  got = source().fetch(soon);
  ASSERT_EQ(said(got), "");
  EXPECT_EQ(got->refs.at("refs/heads/trunk"), other);
  EXPECT_FALSE(got->refs.contains("refs/tags/v1"));
}

TEST_F(MirrorTest, RemembersShortCommits) {
  const auto first = commit("One");
  auto mirror = source();
  ASSERT_EQ(said(mirror.fetch(soon)), "");
  helper.take();
  EXPECT_EQ(mirror.find_commit(first.substr(0, 7), soon).value(), first);
  EXPECT_THAT(helper.take(), ElementsAre("resolve-prefix"));
  EXPECT_EQ(source().find_commit(first.substr(0, 7), soon).value(), first);
  EXPECT_THAT(helper.take(), IsEmpty());
  EXPECT_EQ(said(mirror.find_commit("0123456", soon)),
            "git.commit_not_found: no commit begins with 0123456");
  EXPECT_EQ(said(mirror.find_commit("-x", soon)),
            "git.ref_invalid: \"-x\" is not 7 to 40 hexadecimal digits of a commit");
}

}  // namespace
}  // namespace reconciler::test
