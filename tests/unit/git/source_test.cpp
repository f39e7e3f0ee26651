#include "reconciler/git/source.hpp"

#include <gmock/gmock.h>

#include "fixture.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/git/resolve.hpp"

namespace reconciler::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SourceTest : public GitTest {
 protected:
  void SetUp() override {
    GitTest::SetUp();
    spec.id = {"portfolio", "production"};
    spec.folder = "portfolio";
    spec.tag = "v1.2.3";
    spec.tag_place = {"portfolio/environments/production.yaml", 1, 6, 6, "tag: v1.2.3"};
    spec.source.kind = Source::Kind::repository;
    spec.source.location = remote;
    host.sources[root] = {};
  }
  std::string tagged(const std::string& tag, const std::string& message) {
    write("docker-compose.yml", message);
    git({"add", "-A"});
    git({"commit", "-q", "--allow-empty", "-m", message});
    git({"tag", "-f", tag});
    return commit(message + " pushed");
  }
  std::string at(const std::string& tag) { return git({"rev-parse", tag + "^{commit}"}); }
  Result<SourceTree> tree(const SourceAsk& ask = {}) {
    return source_tree(spec, host, config, state, ask, helper, clock);
  }

  EnvironmentSpec spec;
  Host host;
  Snapshot config;
};

TEST_F(SourceTest, ResolvesTheTagAndExportsItOnce) {
  tagged("v1.2.3", "Slugs for projects");
  auto got = tree();
  ASSERT_EQ(said(got), "");
  EXPECT_EQ(got->commit, at("v1.2.3"));
  EXPECT_EQ(got->subject, "Slugs for projects");
  EXPECT_EQ(read(got->path + "/docker-compose.yml"), "Slugs for projects");
  EXPECT_FALSE(got->stale);
  EXPECT_THAT(helper.take(), ElementsAre("fetch", "export"));
  ASSERT_EQ(said(tree()), "");
  EXPECT_THAT(helper.take(), ElementsAre("fetch"));
  got = tree({.fetch = false});
  ASSERT_EQ(said(got), "");
  EXPECT_EQ(got->commit, at("v1.2.3"));
  EXPECT_THAT(helper.take(), IsEmpty());
}

TEST_F(SourceTest, FetchesARepositoryOnceAPass) {
  tagged("v1.2.3", "One");
  auto stage = spec;
  stage.id.environment = "stage";
  Sources sources(state, host, helper, clock);
  ASSERT_EQ(said(sources.tree(spec, config, {})), "");
  ASSERT_EQ(said(sources.tree(stage, config, {})), "");
  EXPECT_THAT(helper.take(), ElementsAre("fetch", "export", "export"));
}

TEST_F(SourceTest, ATagThatIsMissingHasANearestName) {
  tagged("v1.2.4", "One");
  auto got = tree();
  ASSERT_FALSE(got);
  EXPECT_EQ(said(got).substr(0, said(got).find(", fetched")),
            "tag.not_found: " + remote + " has no tag \"v1.2.3\" (1 tag");
  EXPECT_EQ(got.error().hint, "did you mean \"v1.2.4\"?");
  EXPECT_EQ(got.error().place.line, 1);
  EXPECT_EQ(got.error().lasting, Lasting::transient);
  spec.tag = "v20.0.0";
  got = tree();
  EXPECT_EQ(got.error().hint, "make it there: git -C " + remote + " tag v20.0.0");
}

TEST_F(SourceTest, ATagThatMovedIsRefusedNamingBothCommits) {
  tagged("v1.2.3", "One");
  const auto first = at("v1.2.3");
  ASSERT_EQ(said(tree({.remembered = first})), "");
  tagged("v1.2.3", "Two");
  const auto second = at("v1.2.3");
  const auto got = tree({.remembered = first});
  EXPECT_EQ(said(got), "tag.moved: tag \"v1.2.3\" of " + remote + " was " + first.substr(0, 8) +
                           " when it was first used here, and is " + second.substr(0, 8) + " now");
  EXPECT_EQ(got.error().facts[0].text, first);
  EXPECT_EQ(got.error().facts[1].text, second);
  EXPECT_EQ(got.error().hint, "give what is there now a tag of its own, or move this one back");
}

TEST_F(SourceTest, CommitsAndBuildsNameTheirCommit) {
  const auto head = tagged("v1.2.3", "One");
  spec.source.tags = TagDiscipline::commit;
  spec.tag = head.substr(0, 7);
  EXPECT_EQ(tree()->commit, head);
  EXPECT_THAT(helper.take(), ElementsAre("fetch", "resolve-prefix", "export"));
  EXPECT_EQ(tree({.fetch = false})->commit, head);
  EXPECT_THAT(helper.take(), IsEmpty());
  spec.tag = "0123456";
  const auto missing = tree({.fetch = false});
  EXPECT_EQ(said(missing).substr(0, said(missing).find(" (")),
            "tag.not_found: " + remote + " has no commit that begins with 0123456");

  spec.source.tags = TagDiscipline::build;
  spec.tag = "v" + head.substr(0, 9) + "-20240115-143022";
  EXPECT_EQ(tree()->commit, head);
  git({"tag", spec.tag, "v1.2.3"});  // a tag of that name is asked first
  commit("Three");
  EXPECT_EQ(tree()->commit, at("v1.2.3"));
  spec.tag = "main";
  EXPECT_EQ(tree().error().code, "tag.discipline");
}

TEST_F(SourceTest, DigitsThatTwoCommitsBeginWithAreRefused) {
  tagged("v1.2.3", "One");
  // Found by trying: the ids of these two begin alike.
  std::string stream;
  for (const std::string number : {"8650", "23174"})
    stream += "commit refs/heads/n" + number + "\ncommitter A <a@b.c> 1768208400 +0000\ndata " +
              std::to_string(number.size()) + "\n" + number + "\n\n";
  git({"fast-import", "--quiet"}, stream);
  git({"push", "-q", "--all", "origin"});
  spec.source.tags = TagDiscipline::commit;
  spec.tag = git({"rev-parse", "n8650"}).substr(0, 7);
  const auto got = tree();
  EXPECT_EQ(said(got), "tag.ambiguous: 2 commits begin with " + spec.tag + " in " + remote);
  EXPECT_EQ(got.error().hint, "write more digits of it");
  spec.tag = git({"rev-parse", "n8650"});
  EXPECT_EQ(said(tree()), "");
}

TEST_F(SourceTest, GoesOnWithWhatIsHereWhenTheSourceIsGone) {
  tagged("v1.2.3", "One");
  ASSERT_EQ(said(tree()), "");
  ASSERT_EQ(::rename(remote.c_str(), (remote + ".away").c_str()), 0);
  auto got = tree();
  ASSERT_EQ(said(got), "");
  ASSERT_TRUE(got->stale);
  EXPECT_EQ(got->stale->code, "git.unreachable");
  spec.tag = "v1.2.4";  // nobody could be asked for a tag that is not here
  EXPECT_EQ(said(tree()), "git.unreachable: there is no folder " + remote + " to fetch from");
  EXPECT_EQ(tree({.fetch = false}).error().code, "tag.not_found");
}

TEST_F(SourceTest, APathOfThisHostMustBeNamed) {
  host.sources.clear();
  host.sources["/srv"] = {};
  const auto got = tree();
  EXPECT_EQ(said(got), "source.not_allowed: source " + remote +
                           " is a path of this host, and the host file does not name it");
  EXPECT_EQ(got.error().hint,
            "its owner can add to /etc/reconciler/host.yaml: sources: { " + remote + ": {} }");
  EXPECT_THAT(helper.take(), IsEmpty());
  spec.source.location = root + "/../" + root + "/remote.git";
  host.sources[root + "/other"] = {};
  EXPECT_EQ(tree().error().code, "source.not_allowed");
}

TEST_F(SourceTest, CredentialsAreThoseOfTheLongestPrefix) {
  host.sources = {{"git@github.com:", {"all", "known"}},
                  {"git@github.com:acme/", {"acme", "known"}},
                  {"https://host/acme", {"https", ""}}};
  const auto key = [&](const std::string& url) {
    return source_repository({Source::Kind::repository, url, TagDiscipline::any, {}}, host)
        ->ssh_key;
  };
  EXPECT_EQ(key("git@github.com:acme/web.git"), "acme");
  EXPECT_EQ(key("git@github.com:other/web.git"), "all");
  EXPECT_EQ(key("git@gitlab.com:acme/web.git"), "");
  EXPECT_EQ(key("https://host/acme/web"), "https");
  EXPECT_EQ(key("https://host/acme2/web"), "");
}

TEST_F(SourceTest, BesideIsTheFolderAtItsLastChange) {
  write("portfolio/reconciler.yaml", "");
  write("portfolio/compose.yml", "1");
  const auto touched = commit("Touched");
  write("blog/reconciler.yaml", "");
  const auto head = commit("Elsewhere");
  Mirror mirror(state, repository(), MirrorOf::config, helper, clock);
  config = mirror.fetch(soon).value();
  helper.take();
  spec.source = {};
  auto got = tree();
  ASSERT_EQ(said(got), "");
  EXPECT_EQ(got->commit, touched);
  EXPECT_EQ(got->subject, "Touched");
  EXPECT_THAT(names_in(got->path), ElementsAre("compose.yml", "reconciler.yaml"));
  EXPECT_THAT(helper.take(), ElementsAre("export"));
  config = mirror.last().value();
  ASSERT_EQ(said(tree()), "");
  EXPECT_THAT(helper.take(), IsEmpty());

  spec.source.kind = Source::Kind::same;
  got = tree();
  ASSERT_EQ(said(got), "");
  EXPECT_EQ(got->commit, head);
  EXPECT_THAT(names_in(got->path), ElementsAre("blog", "portfolio"));
}

TEST_F(SourceTest, ADamagedMirrorIsMadeAnewWhenATreeIsWanted) {
  tagged("v1.2.3", "One");
  ASSERT_EQ(said(tree()), "");
  const auto mirror = tree()->mirror;
  ASSERT_TRUE(remove_tree(state + "/trees"));
  for (const auto& name : names_in(mirror + "/objects/pack"))
    if (name.ends_with(".pack")) {
      ASSERT_EQ(::truncate((mirror + "/objects/pack/" + name).c_str(), 60), 0);
    }
  EXPECT_EQ(tree({.fetch = false}).error().code, "git.corrupt");
  EXPECT_TRUE(exists(damage_note(mirror)));
  ASSERT_EQ(said(tree()), "");
  EXPECT_FALSE(exists(damage_note(mirror)));
}

}  // namespace
}  // namespace reconciler::test
