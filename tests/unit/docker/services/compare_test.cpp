// Real containers that Compose made, held against what Compose asked for: recordings/ holds create
// bodies (as the recording socket got them) and `docker inspect` of the running containers, for the
// kitchen sink of the prototypes on Engine 20.10 with Compose 2.26 and 2.40.
#include "plugins/docker/services/compare.hpp"

#include <gtest/gtest.h>

#include "plugins/docker/services/mounts.hpp"
#include "reconciler/base/filesystem.hpp"

namespace reconciler::docker {
namespace {

struct Pair {
  Container wanted;
  Json inspect;
};

struct Recording {
  std::map<std::string, Pair> pairs;
  std::map<std::string, std::string> ids;
  Json image;
  std::string image_id;

  Surroundings around() const {
    Surroundings around;
    around.wanted_image = &image;
    around.wanted_image_id = image_id;
    around.container_reference = [this](std::string_view id) {
      const auto found = ids.find(std::string(id));
      return found == ids.end() ? std::string() : found->second;
    };
    return around;
  }
};

Recording recording(const std::string& version) {
  const auto text = read_file(std::string(RECORDINGS) + "/kitchen-sink-" + version + ".json");
  EXPECT_TRUE(text) << version;
  const Json all = *parse_json(*text);
  Recording out;
  out.image = *member(all, "image");
  out.image_id = text_at(all, "image_id");
  for (const auto& [id, symbol] : member(all, "ids")->as_object())
    out.ids[std::string(id)] = symbol.as_string();
  for (const Json& one : member(all, "containers")->as_array()) {
    Container wanted;
    wanted.service = text_at(one, "service");
    wanted.number = static_cast<int>(number_at(one, "number"));
    wanted.name = text_at(one, "name");
    wanted.config = *member(one, "record");
    for (const Json& endpoint : member(one, "endpoints")->as_array())
      wanted.endpoints.push_back(
          {std::string(endpoint.as_array()[0].as_string()), endpoint.as_array()[1]});
    out.pairs[wanted.name] = {wanted, *member(one, "inspect")};
  }
  return out;
}

std::vector<std::string> fields(const std::vector<Difference>& differences) {
  std::vector<std::string> out;
  for (const auto& one : differences) out.push_back(one.field);
  return out;
}

std::string text(const std::vector<Difference>& differences) {
  std::string out;
  for (const auto& one : differences)
    out += one.field + ": " + one.before + " -> " + one.after + "\n";
  return out;
}

class Compare : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(Compare, FindsNothingWhereComposeMadeWhatItAskedFor) {
  const auto wanted = recording(GetParam().first);
  const auto there = recording(GetParam().second);
  ASSERT_EQ(there.pairs.size(), 6U);
  for (const auto& [name, pair] : there.pairs)
    EXPECT_EQ(text(compare(wanted.pairs.at(name).wanted, pair.inspect, there.around())), "")
        << name;
}

// A record of one version of Compose against containers of the other: no restart at an upgrade.
INSTANTIATE_TEST_SUITE_P(Versions, Compare,
                         testing::Values(std::pair{"2.26", "2.26"}, std::pair{"2.40", "2.40"},
                                         std::pair{"2.26", "2.40"}, std::pair{"2.40", "2.26"}));

class Change : public testing::Test {
 protected:
  Recording all_ = recording("2.26");
  Pair web_ = all_.pairs.at("ks-web-1");
  JsonObject& config() { return web_.wanted.config.as_object(); }
  JsonObject& host() { return config().at("HostConfig").as_object(); }
  std::vector<Difference> differences() {
    return compare(web_.wanted, web_.inspect, all_.around());
  }
};

TEST_F(Change, OfAnEnvironmentValueNamesTheVariableAndNeverTheValue) {
  config()["Env"] = JsonArray{Json("A=secret"), Json("B"), Json("E=5")};
  const auto found = differences();
  ASSERT_EQ(fields(found), std::vector<std::string>{"environment A"});
  EXPECT_EQ(found[0].before + found[0].after, "");
}

TEST_F(Change, OfAPortShowsBoth) {
  host()["PortBindings"].as_object()["80/tcp"] =
      JsonArray{Json(JsonObject{{"HostIp", "127.0.0.1"}, {"HostPort", "8081"}})};
  EXPECT_EQ(text(differences()), "port 80: 127.0.0.1:28080 -> 127.0.0.1:8081\n");
}

TEST_F(Change, OfALabelCommandHealthCheckAndEntrypointTellsNoValue) {
  config()["Labels"].as_object()["my.label"] = "other";
  config()["Cmd"] = JsonArray{Json("secret")};
  config()["Entrypoint"] = JsonArray{Json("secret")};
  config()["Healthcheck"].as_object()["Test"] = JsonArray{Json("CMD"), Json("secret")};
  const auto found = differences();
  EXPECT_EQ(fields(found),
            (std::vector<std::string>{"entrypoint", "command", "label my.label", "healthcheck"}));
  EXPECT_EQ(text(found).find("secret"), std::string::npos);
}

TEST_F(Change, OfTheRestartPolicyIsNamed) {
  host()["RestartPolicy"] = JsonObject{{"Name", "always"}};
  EXPECT_EQ(text(differences()), "restart: unless-stopped -> always\n");
}

TEST_F(Change, ByDockerUpdateShows) {
  web_.inspect.as_object()["HostConfig"].as_object()["Memory"] = 1 << 20;
  EXPECT_EQ(fields(differences()), std::vector<std::string>{"memory"});
}

TEST_F(Change, OfANetworkIsNamed) {
  web_.wanted.endpoints.pop_back();
  const std::map<std::string, SeenThing> networks{{"ks_front", {"20534de4cb80", {}}},
                                                  {"ks_back", {"", {}}}};
  auto around = all_.around();
  around.networks = &networks;
  const auto found = compare(web_.wanted, web_.inspect, around);
  ASSERT_FALSE(found.empty());
  EXPECT_TRUE(found[0].field == "network ks_front" || found[0].field == "network ks_back")
      << text(found);
}

TEST_F(Change, OfTheImageIsToldByReferenceAndById) {
  config()["Image"] = "small:v2";
  EXPECT_EQ(text(differences()), "image: small:v1 -> small:v2\n");
  config()["Image"] = "small:v1";
  auto around = all_.around();
  around.wanted_image_id = "sha256:0123456789abcdef";
  EXPECT_EQ(fields(compare(web_.wanted, web_.inspect, around)), std::vector<std::string>{"image"});
  around.wanted_image_id.clear();  // not on the host: a tag that vanished is put back
  EXPECT_EQ(fields(compare(web_.wanted, web_.inspect, around)), std::vector<std::string>{});
}

TEST_F(Change, OfAMountIsNamedByItsTarget) {
  host()["Binds"] = JsonArray{Json("/elsewhere/c.txt:/c.txt:ro")};
  EXPECT_EQ(text(differences()),
            "mount /c.txt: /srv/ks/c.txt read-only -> /elsewhere/c.txt read-only\n");
}

TEST_F(Change, OfTheContainerWhoseNamespaceItSharesIsStale) {
  auto side = all_.pairs.at("ks-side-1");
  auto around = all_.around();
  around.container_reference = [](std::string_view) {
    return std::string();
  };  // replaced meanwhile
  EXPECT_EQ(fields(compare(side.wanted, side.inspect, around)),
            (std::vector<std::string>{"network mode", "pid", "volumes from"}));
}

TEST_F(Change, ToAFieldThatNoRowKnowsIsNotMissed) {
  host()["NewThing"] = JsonArray{Json("x")};
  EXPECT_EQ(fields(differences()), std::vector<std::string>{"NewThing"});
  host().erase("NewThing");
  web_.inspect.as_object()["HostConfig"].as_object()["EnginesOwn"] = 7;  // a later Engine's own
  EXPECT_EQ(fields(differences()), std::vector<std::string>{});
}

TEST(ComparisonTable, GivesAReasonWhereItDoesMoreThanCompare) {
  std::set<std::string_view> words;
  for (const auto& row : comparison_table()) EXPECT_FALSE(row.word.empty()) << row.field;
}

TEST(Mounts, ReadOneThingFromTheirSpellings) {
  const auto binds =
      *parse_json(R"({"Binds": ["data:/data:ro", "/srv/c:/c", "/anon"], "Tmpfs": {"/run": ""}})");
  const auto mounts = *parse_json(R"({"Mounts": [
    {"Type": "volume", "Source": "data", "Target": "/data", "ReadOnly": true, "VolumeOptions": {}},
    {"Type": "bind", "Source": "/srv/c", "Target": "/c/", "BindOptions": {"Propagation": "rprivate"}},
    {"Type": "volume", "Target": "/anon"}, {"Type": "tmpfs", "Target": "/run"}]})");
  const auto a = mounts_of({}, binds);
  const auto b = mounts_of({}, mounts);
  ASSERT_EQ(a.size(), 4U);
  for (const auto& [target, mount] : a) {
    ASSERT_TRUE(b.contains(target)) << target;
    EXPECT_EQ(mount.type, b.at(target).type) << target;
    EXPECT_EQ(mount.source, b.at(target).source) << target;
    EXPECT_EQ(mount.read_only, b.at(target).read_only) << target;
    EXPECT_EQ(canonical(mount.options), canonical(b.at(target).options)) << target;
  }
}

}  // namespace
}  // namespace reconciler::docker
