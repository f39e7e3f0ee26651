// What the repository asks of one environment: it changes with that, and not with every commit.
#include "reconciler/asked.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "reconciler/base/filesystem.hpp"

namespace reconciler {
namespace {

class AskedTest : public testing::Test {
 protected:
  AskedTest() {
    char name[] = "/tmp/asked-test-XXXXXX";
    folder = ::mkdtemp(name);
    spec.id = {"web", "production"};
    spec.folder = "web";
    spec.tag = "v1";
    spec.sections = JsonObject{{"compose", JsonObject{{"project", "web"}}}};
  }
  ~AskedTest() override { (void)remove_tree(folder); }

  using Files = std::map<std::string, std::string>;
  std::string asked(const Files& files) {
    JsonArray entries;
    for (const auto& [path, oid] : files)
      entries.push_back(JsonObject{{"path", path}, {"mode", "100644"}, {"oid", oid}});
    SourceTree tree;
    tree.index = folder + "/index.json";
    tree.commit = commit;
    EXPECT_TRUE(replace_file(tree.index, boost::json::serialize(entries), 0600));
    auto digest = asked_of(spec, tree);
    EXPECT_TRUE(digest) << (digest ? "" : render(digest.error()));
    return digest ? *digest : "";
  }

  std::string folder;
  std::string commit = "c1";
  EnvironmentSpec spec;
  const Files files{{"compose.yaml", oid('a')}, {"nginx.conf", oid('b')}};
  static std::string oid(char of) { return std::string(40, of); }
};

TEST_F(AskedTest, ACommitThatChangesNothingOfItIsTheSame) {
  const auto before = asked(files);
  commit = "c2";
  EXPECT_EQ(asked(files), before);
  Files more = files;
  more["reconciler.yaml"] = oid('c');
  more["environments/stage.yaml"] = oid('d');
  EXPECT_EQ(asked(more), before) << "manifests are read as what they say of this environment";
}

TEST_F(AskedTest, ItsFilesAndItsManifestCount) {
  const auto before = asked(files);
  Files changed = files;
  changed["nginx.conf"] = oid('e');
  EXPECT_NE(asked(changed), before);
  changed = files;
  changed["environment.txt"] = oid('e');
  EXPECT_NE(asked(changed), before);
  spec.tag = "v2";
  EXPECT_NE(asked(files), before);
  spec.tag = "v1";
  spec.set = {{"DEBUG", "1", {}}};
  EXPECT_NE(asked(files), before);
  spec.set.clear();
  EXPECT_EQ(asked(files), before);
  spec.verify_timeout = std::chrono::seconds(60);
  EXPECT_NE(asked(files), before) << "more patience is what a failed verify asks for";
}

TEST_F(AskedTest, InAWholeRepositoryOtherApplicationsDoNot) {
  spec.source.kind = Source::Kind::same;
  const Files own{{"web/reconciler.yaml", oid('a')}, {"shared/base.yaml", oid('b')}};
  const auto before = asked(own);
  Files more = own;
  more["api/reconciler.yaml"] = oid('c');
  more["api/compose.yaml"] = oid('d');
  EXPECT_EQ(asked(more), before);
  more["shared/base.yaml"] = oid('e');
  EXPECT_NE(asked(more), before);
}

TEST_F(AskedTest, OfASourceOfItsOwnTheCommitIsWhatCounts) {
  spec.source.kind = Source::Kind::repository;
  spec.source.location = "/srv/web";
  const auto before = asked(files);
  EXPECT_EQ(asked({}), before);
  commit = "c2";
  EXPECT_NE(asked(files), before);
}

}  // namespace
}  // namespace reconciler
