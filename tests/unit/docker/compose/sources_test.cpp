#include "plugins/docker/compose/sources.hpp"

#include "tests/unit/docker/compose/fixture.hpp"

namespace reconciler::docker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SourcesTest : public ComposeTest {
 protected:
  Result<Sources> place_all(const std::vector<std::string>& binds,
                            const std::vector<std::string>& declared = {}) {
    file("compose.yaml", "services:\n  web:\n    volumes: []\n");
    JsonArray volumes;
    for (const auto& bind : binds) {
      const size_t colon = bind.find(':');
      volumes.push_back(JsonObject{{"type", "bind"},
                                   {"source", root() + "/" + bind.substr(0, colon)},
                                   {"target", bind.substr(colon + 1)}});
    }
    model =
        JsonObject{{"services", JsonObject{{"web", JsonObject{{"volumes", std::move(volumes)}}}}}};
    const Tree known = tree();
    return place_sources(model, known, Objects(known, top() + "/objects"), top() + "/data",
                         declared, good_stack());
  }
  std::string mount(size_t i) const {
    const auto& one = model.at("services").at("web").at("volumes").at(i);
    return text_at(one, "source").substr(top().size()) + (truth_at(one, "read_only") ? " ro" : "");
  }
  std::string oid(const std::string& text) const { return sha256(text).substr(0, 40); }
  Json model;
};

TEST_F(SourcesTest, WhatGitHasIsMountedReadOnlyByItsContent) {
  file("nginx.conf", "a");
  file("run.sh", "b", true);
  file("conf/x", "c");
  const auto placed = place_all({"nginx.conf:/n", "run.sh:/r", "conf:/c"});
  ASSERT_TRUE(placed) << render(placed.error());
  EXPECT_EQ(mount(0), "/objects/" + oid("a") + " ro");
  EXPECT_EQ(mount(1), "/objects/" + oid("b") + "+x ro");
  EXPECT_EQ(mount(2), "/objects/" + oid("conf") + " ro");
  EXPECT_EQ(*read_file(top() + "/objects/" + oid("conf") + "/x"), "c");
  EXPECT_EQ(placed->objects.at(top() + "/objects/" + oid("a")), "nginx.conf");
  EXPECT_THAT(placed->data_folders, IsEmpty());
  struct stat s {};
  ::stat((top() + "/objects/" + oid("b") + "+x").c_str(), &s);
  EXPECT_EQ(s.st_mode & 0777, 0755U);
}

TEST_F(SourcesTest, WhatGitHasNotIsDataForEver) {
  const auto placed = place_all({"media:/m", "./db/data:/d"});
  ASSERT_TRUE(placed);
  EXPECT_EQ(mount(0), "/data/media");
  EXPECT_THAT(placed->data_folders, ElementsAre(top() + "/data/db/data", top() + "/data/media"));
}

TEST_F(SourcesTest, DeclaredFoldersAreDataWithGitsPlaceholders) {
  file("media/.gitkeep", "");
  const auto placed = place_all({"media/up:/m"}, {"media"});
  ASSERT_TRUE(placed);
  EXPECT_EQ(mount(0), "/data/media/up");
  EXPECT_THAT(placed->data_folders, ElementsAre(top() + "/data/media"));
  EXPECT_EQ(placed->data_seeds.at(top() + "/data/media"), top() + "/objects/" + oid("media"));
}

TEST_F(SourcesTest, TheHostFilesPlaceWinsAndStaysAsWritten) {
  place("certs", "x");
  const auto placed = place_all({"certs:/c"}, {"certs"});
  ASSERT_TRUE(placed);
  EXPECT_EQ(mount(0), "/host-0");
}

TEST_F(SourcesTest, AMissingFileIsAnError) {
  const auto placed = place_all({"nginx/nginx.conf:/n", ".env:/e"});
  ASSERT_FALSE(placed);
  EXPECT_THAT(messages(placed.error()),
              ElementsAre("compose.yaml:3: compose.source_missing: the mount of web "
                          "\"nginx/nginx.conf\" is not in the tree, and by its name "
                          "it is a file",
                          "compose.yaml:3: compose.source_missing: the mount of web \".env\" is "
                          "not in the tree, and by its name it is a file"));
  ASSERT_TRUE(make_folders(top() + "/data"));
  ASSERT_TRUE(replace_file(top() + "/data/.env", "A=1"));
  EXPECT_TRUE(place_all({".env:/e"}));
  EXPECT_EQ(mount(0), "/data/.env");
}

TEST_F(SourcesTest, LinksAreRefusedWhereTheyAreUsed) {
  file("conf/x", "c");
  symlink("conf/link");
  EXPECT_THAT(messages(place_all({"conf:/c"}).error()),
              ElementsAre("compose.yaml:3: path.symlink: the mounted path \"conf/link\" leads "
                          "through conf/link, which git has as a symlink"));
  EXPECT_TRUE(place_all({"conf/x:/c"}));
}

TEST_F(SourcesTest, AMountInsideOfAReadOnlyOneNeedsItsTarget) {
  file("app/x", "c");
  EXPECT_THAT(messages(place_all({"app:/app", "media:/app/media"}).error()),
              ElementsAre("compose.yaml:3: compose.unsupported: web mounts /app/media inside of "
                          "/app, which is read-only and has no such folder"));
  file("app/media/.gitkeep", "");
  EXPECT_TRUE(place_all({"app:/app", "media:/app/media"}));
}

}  // namespace
}  // namespace reconciler::docker
