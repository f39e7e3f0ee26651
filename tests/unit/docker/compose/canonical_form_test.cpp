#include "plugins/docker/compose/canonical_form.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <random>

#include "tests/unit/docker/compose/fixture.hpp"

namespace reconciler::docker {
namespace {

using testing::ElementsAre;

RecordedContainer recorded(const std::string& service, Json body) {
  auto& labels = body.as_object()["Labels"].emplace_object();
  labels["com.docker.compose.service"] = service;
  labels["com.docker.compose.container-number"] = "1";
  labels["com.docker.compose.image"] = "sha256:whatever";
  labels["com.docker.compose.slug"] = "random";
  return {sha256(service), "p-" + service + "-1", std::move(body), {}, false};
}

RC_GTEST_PROP(CanonicalForm, OrderOfSetsMeansNothing,
              (std::vector<std::string> items, unsigned seed)) {
  std::vector<std::string> shuffled = items;
  std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937(seed));
  const auto make = [](const std::vector<std::string>& list) {
    const JsonArray array = reconciler::to_json(list);
    return canonical_container(
        recorded("a", JsonObject{{"Env", array},
                                 {"HostConfig", JsonObject{{"Binds", array},
                                                           {"CapAdd", array},
                                                           {"SecurityOpt", array}}}}),
        {}, JsonObject{});
  };
  RC_ASSERT(canonical(make(items).config) == canonical(make(shuffled).config));
}

TEST(CanonicalForm, OrderOfACommandMeansSomething) {
  const auto one = canonical_container(
      recorded("a", parse(R"({"Cmd":["b","a"],"HostConfig":{"Dns":["2","1"]}})")), {},
      JsonObject{});
  EXPECT_EQ(canonical(*member(one.config, "Cmd")), R"(["b","a"])");
  EXPECT_EQ(canonical(*member(*member(one.config, "HostConfig"), "Dns")), R"(["2","1"])");
}

TEST(CanonicalForm, IdsAndRandomLabelsGo) {
  const auto db = recorded("db", JsonObject{});
  const auto side = recorded(
      "side", JsonObject{{"HostConfig", JsonObject{{"NetworkMode", "container:" + db.id}}}});
  const auto one = canonical_container(side, {db, side}, JsonObject{});
  EXPECT_EQ(text_at(*member(one.config, "HostConfig"), "NetworkMode"), "container:@service:db:1");
  EXPECT_EQ(canonical(*member(one.config, "Labels")),
            R"({"com.docker.compose.container-number":"1","com.docker.compose.service":"side"})");
}

TEST(CanonicalForm, ListsAreSortedByWhatTheySayNotByIds) {
  const auto form = [](const std::string& id_of_db, const std::string& id_of_web) {
    auto db = recorded("db", JsonObject{});
    auto web = recorded("web", JsonObject{});
    db.id = id_of_db;
    web.id = id_of_web;
    const JsonObject host{{"VolumesFrom", JsonArray{Json(web.id), Json(db.id)}}};
    const auto side = recorded("side", JsonObject{{"HostConfig", host}});
    return canonical(canonical_container(side, {db, web, side}, JsonObject{}).config);
  };
  EXPECT_EQ(form("1111", "2222"), form("2222", "1111"));
}

TEST(CanonicalForm, NetworksAreTheSameHoweverTheyWereGiven) {
  auto at_once = recorded(
      "a", parse(R"({"HostConfig":{"NetworkMode":"p_b"},"NetworkingConfig":{"EndpointsConfig":{
      "p_a":{"Aliases":["x"],"IPAMConfig":null,"NetworkID":"","GwPriority":0},"p_b":{"IPAMConfig":{}}}}})"));
  auto connected = recorded(
      "a",
      parse(
          R"({"HostConfig":{"NetworkMode":"p_b"},"NetworkingConfig":{"EndpointsConfig":{"p_b":{"IPAMConfig":{}}}}})"));
  connected.connects.emplace_back("p_a", parse(R"({"Aliases":["x"],"Links":null})"));
  const auto text = [](const RecordedContainer& r) {
    std::string out;
    const auto one = canonical_container(r, {}, JsonObject{});
    EXPECT_FALSE(member(one.config, "NetworkingConfig"));
    for (const auto& e : one.endpoints) out += e.network + canonical(e.config) + " ";
    return out;
  };
  EXPECT_EQ(text(at_once), R"(p_b{"IPAMConfig":{}} p_a{"Aliases":["x"]} )");
  EXPECT_EQ(text(at_once), text(connected));
}

TEST(CanonicalForm, ContainersFollowWhatTheyDependOn) {
  const Json model = parse(
      R"({"services":{"a":{"depends_on":{"z":{"condition":"service_healthy","required":true}}},"m":{},
      "z":{"depends_on":{"job":{"condition":"service_completed_successfully","required":true}}},"job":{}}})");
  std::vector<Container> all;
  for (const char* name : {"z", "a", "m", "job"})
    all.push_back(canonical_container(recorded(name, JsonObject{}), {}, model));
  std::vector<std::string> order;
  for (const auto& c : in_order(all)) order.push_back(c.service);
  EXPECT_THAT(order, ElementsAre("job", "m", "z", "a"));
  EXPECT_THAT(awaited_jobs(model), ElementsAre("job"));
}

}  // namespace
}  // namespace reconciler::docker
