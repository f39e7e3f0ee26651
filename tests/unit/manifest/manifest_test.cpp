#include "reconciler/manifest/manifest.hpp"

#include <gtest/gtest.h>

#include "tests/unit/manifest/files.hpp"

namespace reconciler {
namespace {

std::string sections(const EnvironmentSpec& spec) {
  return canonical(spec.sections);
}

TEST(Manifest, TwoLinesAreEnough) {
  Files files;
  files.write("portfolio/reconciler.yaml", "environments: { production: { tag: v1.2.3 } }\n");
  const EnvironmentSpec spec = files.environment();
  EXPECT_EQ(spec.id.text(), "portfolio/production");
  EXPECT_EQ(spec.folder, "portfolio");
  EXPECT_EQ(spec.tag, "v1.2.3");
  EXPECT_EQ(spec.tag_place.line, 1);
  EXPECT_EQ(spec.tag_place.column, 36);
  EXPECT_EQ(spec.host, "");
  EXPECT_EQ(spec.source.kind, Source::Kind::beside);
  EXPECT_EQ(spec.on_failure, OnFailure::rollback);
  EXPECT_EQ(spec.keep, 3);
  EXPECT_EQ(spec.verify_timeout, std::nullopt);
  EXPECT_EQ(spec.verify_stable, std::chrono::seconds(10));
  EXPECT_EQ(
      sections(spec),
      R"({"compose":{"jobs":[],"profiles":[],"project":"portfolio","project_by_default":true},"data":[],)"
      R"("images":{"no_cache":false,"pull":false},"release":[],"verify":{"checks":[]}})");
}

TEST(Manifest, OneMayHaveNoEnvironmentAnyMore) {
  Files files;
  files.write("portfolio/reconciler.yaml", "environments: {}\n");
  const auto manifests = read_manifests(files.root());
  ASSERT_TRUE(manifests);
  EXPECT_TRUE(manifests->environments.empty());
  EXPECT_TRUE(manifests->mistakes().empty());
}

TEST(Manifest, ReadsTheWholeLongForm) {
  Files files;
  files.write("app/reconciler.yaml", R"(
name: portfolio
source: { repository: https://git.example.com/me/portfolio.git, tags: commit }
compose: { files: [a.yml, b.yml], project: other, profiles: web, jobs: [create-site] }
data: [media, data/conf]
variables:
  env_file: [.env, { path: more.env }]
  set: { API_URL: "https://${API_DOMAIN}" }
  required: { API_DOMAIN: '[a-z.]+' }
images: { build: { no_cache: true, pull: true } }
release:
  - { name: migrate, run: release, depends_on: [db, redis], command: "a 'b c'" }
  - { exec: backend, command: [python, manage.py], when: after, once: switch, timeout: 90s }
verify:
  timeout: 2m
  stable: 1s
  checks:
    - https://${SITE}/
    - { http: "https://x/ready", status: 204, contains: "${TAG}", timeout: 250ms }
    - { logs: "*", forbid: "(?i)error", warn: true }
    - { run: smoke, lines: 1 }
    - { service: db }
on_failure: hold
keep: all
state_files: /var/lib/portfolio/
environments: { production: { tag: 1234567, host: local } }
)");
  const EnvironmentSpec spec = files.environment();
  EXPECT_EQ(spec.id.text(), "portfolio/production");
  EXPECT_EQ(spec.folder, "app");
  EXPECT_EQ(spec.tag, "1234567");
  EXPECT_EQ(spec.host, "local");
  EXPECT_EQ(spec.source.kind, Source::Kind::repository);
  EXPECT_EQ(spec.source.location, "https://git.example.com/me/portfolio.git");
  EXPECT_EQ(spec.source.tags, TagDiscipline::commit);
  ASSERT_EQ(spec.env_files.size(), 2U);
  EXPECT_EQ(spec.env_files[1].path, "more.env");
  ASSERT_EQ(spec.set.size(), 1U);
  EXPECT_EQ(spec.set[0].text, "https://${API_DOMAIN}");
  ASSERT_EQ(spec.required.size(), 1U);
  EXPECT_EQ(spec.required[0].expression, "[a-z.]+");
  EXPECT_EQ(spec.verify_timeout, std::chrono::minutes(2));
  EXPECT_EQ(spec.verify_stable, std::chrono::seconds(1));
  EXPECT_EQ(spec.on_failure, OnFailure::hold);
  EXPECT_EQ(spec.keep, std::nullopt);
  EXPECT_EQ(spec.state_files, "/var/lib/portfolio");
  EXPECT_EQ(
      sections(spec),
      R"({"compose":{"files":["a.yml","b.yml"],"jobs":["create-site"],"profiles":["web"],"project":"other"},)"
      R"("data":["media","data/conf"],"images":{"mode":"build","no_cache":true,"pull":true},"release":[)"
      R"({"command":["a","b c"],"depends_on":["db","redis"],"name":"migrate","once":"tag","run":"release","when":"before"},)"
      R"({"command":["python","manage.py"],"exec":"backend","name":"backend","once":"switch","timeout_ms":90000,"when":"after"}],)"
      R"("verify":{"checks":[{"http":"https://${SITE}/","name":"https://${SITE}/"},)"
      R"({"contains":"${TAG}","http":"https://x/ready","name":"https://x/ready","status":204,"timeout_ms":250},)"
      R"({"forbid":"(?i)error","logs":"*","name":"*","warn":true},)"
      R"({"lines":1,"name":"smoke","run":"smoke"},{"name":"db","service":"db"}]}})");
}

TEST(Manifest, EveryValueOfTheSectionsHasAPlace) {
  Files files;
  files.write("app/reconciler.yaml", R"(
compose: compose.yml
release: [{ run: release, command: "a b" }]
verify: [https://x/]
environments: { production: { tag: v1 } }
)");
  const EnvironmentSpec spec = files.environment();
  const auto at = [&](const char* pointer) {
    const Place place = place_at(spec.places, pointer);
    return place.file + ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
  };
  EXPECT_EQ(at("/compose/files/0"), "app/reconciler.yaml:2:10");
  EXPECT_EQ(at("/compose/project"), "app/reconciler.yaml:2:10");
  EXPECT_EQ(at("/release/0"), "app/reconciler.yaml:3:11");
  EXPECT_EQ(at("#/release/0/run"), "app/reconciler.yaml:3:18");
  EXPECT_EQ(at("/release/0/command/1"), "app/reconciler.yaml:3:36");
  EXPECT_EQ(at("/release/0/when"), "app/reconciler.yaml:3:18");
  EXPECT_EQ(at("/verify/checks/0/http"), "app/reconciler.yaml:4:10");
  EXPECT_EQ(at("/verify/checks/0/nothing/there"), "app/reconciler.yaml:4:10");
  EXPECT_EQ(at("/what"), "app/reconciler.yaml:5:17");
}

TEST(Manifest, ShortFormsMeanTheLongOnes) {
  Files files;
  const auto read = [&](const std::string& text) {
    files.write("app/reconciler.yaml", text + "\nenvironments: { production: { tag: v1.0.0 } }\n");
    const EnvironmentSpec spec = files.environment();
    return sections(spec) + spec.source.location + std::string(to_text(spec.source.tags)) +
           std::to_string(spec.env_files.size()) + std::to_string(spec.required.size());
  };
  EXPECT_EQ(read("release: migrate"), read("release: [{ run: migrate }]"));
  EXPECT_EQ(read("release: { run: migrate }"), read("release: [migrate]"));
  EXPECT_EQ(read("verify: [\"http://x/\"]"), read("verify: { checks: [{ http: 'http://x/' }] }"));
  EXPECT_EQ(read("compose: a.yml"), read("compose: { files: [a.yml] }"));
  EXPECT_EQ(read("compose: { files: a.yml }"), read("compose: [a.yml]"));
  EXPECT_EQ(read("source: https://x/a.git"),
            read("source: { repository: https://x/a.git, tags: semver }"));
  EXPECT_EQ(read("images: build"), read("images: { build: {} }"));
  EXPECT_EQ(read("variables: { env_file: .env }"),
            read("variables: { env_file: [{ path: .env }] }"));
  EXPECT_EQ(read("variables: { required: [A] }"), read("variables: { required: { A: '' } }"));
}

TEST(Manifest, WithoutASourceTagsAreAny) {
  Files files;
  files.write("app/reconciler.yaml", "source: https://x/a.git\n");
  files.write("app/environments/one.yaml", "tag: vabc1234-20240115-143022\nsource: null\n");
  EXPECT_EQ(files.environment().source.kind, Source::Kind::beside);
  files.write("app/environments/one.yaml", "tag: whatever\nsource: .\n");
  EXPECT_EQ(files.environment().source.kind, Source::Kind::same);
  files.write("app/environments/one.yaml", "tag: whatever\n");
  EXPECT_EQ(
      files.validate(),
      "app/environments/one.yaml:1:6: error tag.discipline: tag \"whatever\" is not formed as "
      "`tags: semver` says: v1.2.3 or 1.2.3, perhaps with -rc.1 behind it\n"
      "    1 | tag: whatever\n"
      "      |      ^^^^^^^^ write such a tag, or another discipline under source: semver, "
      "commit, build or any\n");
}

TEST(Manifest, AnEnvironmentOverridesAnyKey) {
  Files files;
  files.write("app/reconciler.yaml", R"(
compose: { files: [a.yml, b.yml], project: app }
data: [media]
variables: { set: { A: base, B: base }, env_file: .env }
release: [migrate]
verify: [https://x/]
keep: 5
)");
  files.write("app/environments/stage.yaml", R"(tag: v2
compose: { files: c.yml, project: app-stage }
variables: { set: { B: mine, C: null }, env_file: null }
release: null
verify: { timeout: 5m }
keep: 0
)");
  files.write("app/environments/production.yaml", "tag: v1\nverify: [https://y/, https://z/]\n");
  const Manifests all = files.read();
  ASSERT_EQ(all.environments.size(), 2U) << files.validate();
  EXPECT_EQ(all.files, 3U);
  EXPECT_EQ(all.files_wrong, 0U);
  const EnvironmentSpec& production = all.environments[0];
  EXPECT_EQ(production.id.text(), "app/production");
  EXPECT_EQ(production.keep, 5);
  EXPECT_EQ(production.set.size(), 2U);
  EXPECT_EQ(sections(production),
            R"({"compose":{"files":["a.yml","b.yml"],"jobs":[],"profiles":[],"project":"app"},)"
            R"("data":["media"],"images":{"no_cache":false,"pull":false},)"
            R"("release":[{"name":"migrate","once":"tag","run":"migrate","when":"before"}],)"
            R"("verify":{"checks":[{"http":"https://y/","name":"https://y/"},)"
            R"({"http":"https://z/","name":"https://z/"}]}})");
  const EnvironmentSpec& stage = all.environments[1];
  EXPECT_EQ(stage.keep, 0);
  EXPECT_TRUE(stage.env_files.empty());
  ASSERT_EQ(stage.set.size(), 2U);
  EXPECT_EQ(stage.set[1].text, "mine");
  EXPECT_EQ(stage.set[1].place.file, "app/environments/stage.yaml");
  EXPECT_EQ(stage.verify_timeout, std::chrono::minutes(5));
  EXPECT_EQ(sections(stage),
            R"({"compose":{"files":["c.yml"],"jobs":[],"profiles":[],"project":"app-stage"},)"
            R"("data":["media"],"images":{"no_cache":false,"pull":false},"release":[],)"
            R"("verify":{"checks":[{"http":"https://x/","name":"https://x/"}]}})");
}

TEST(Manifest, FindsEveryFolderButHiddenOnesAndSymlinks) {
  Files files;
  const char* text = "environments: { production: { tag: v1 } }\n";
  files.write("a/reconciler.yaml", text);
  files.write("deep/er/b/reconciler.yaml", text);
  files.write(".git/c/reconciler.yaml", text);
  files.write("a/inner/d/reconciler.yaml", text);
  std::filesystem::create_directory_symlink(files.path("a"), files.path("link"));
  std::string names;
  for (const auto& spec : files.read().environments) names += spec.id.text() + " ";
  EXPECT_EQ(names, "a/production b/production d/production ");
}

TEST(Manifest, AnApplicationAtTheRootNeedsAName) {
  Files files;
  files.write("reconciler.yaml", "environments: { production: { tag: v1 } }\n");
  EXPECT_EQ(files.validate(),
            "reconciler.yaml: error manifest.missing: the application has no name, and at the root "
            "no folder gives one\n"
            "      | add name: ...\n");
  const auto named = read_manifests(files.root(), "shop");
  ASSERT_TRUE(named);
  ASSERT_EQ(named->environments.size(), 1U);
  EXPECT_EQ(named->environments[0].id.text(), "shop/production");
  EXPECT_EQ(named->environments[0].folder, "");
}

TEST(Manifest, SaysWhenThereIsNothingToRead) {
  Files files;
  EXPECT_EQ(read_manifests(files.root()).error().code, "manifest.none");
  EXPECT_EQ(read_manifests(files.path("nowhere")).error().code, "manifest.no_folder");
}

TEST(Manifest, OneThatIsBrokenDoesNotHoldUpOthers) {
  Files files;
  files.write("a/reconciler.yaml", "keep: 5\n");
  files.write("a/environments/production.yaml", "tag: v1\n");
  files.write("a/environments/stage.yaml", "tga: v1\n");
  files.write("b/reconciler.yaml", "keep: many\nenvironments: { production: { tag: v1 } }\n");
  files.write("c/reconciler.yaml", "environments: { production: { tag: v1 } }\n");
  const Manifests all = files.read();
  ASSERT_EQ(all.environments.size(), 2U);
  EXPECT_EQ(all.environments[0].id.text(), "a/production");
  EXPECT_EQ(all.environments[1].id.text(), "c/production");
  EXPECT_EQ(all.files, 5U);
  EXPECT_EQ(all.files_wrong, 2U);
  ASSERT_EQ(all.broken.size(), 2U);
  EXPECT_EQ(all.broken[0].application, "a");
  EXPECT_EQ(all.broken[0].environment, "stage");
  EXPECT_EQ(all.broken[1].application, "b");
  EXPECT_EQ(all.broken[1].environment, "");
}

}  // namespace
}  // namespace reconciler
