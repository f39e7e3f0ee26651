// Real containers that Compose made, held against what Compose asked for: recordings/ holds create
// bodies (as the recording socket got them) and `docker inspect` of the running containers, for the
// kitchen sink of the prototypes on Engine 20.10 with Compose 2.26 and 2.40.
#include "plugins/docker/services/compare.hpp"

#include <fmt/format.h>
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

TEST_F(Change, OfHowAMountIsMadeIsNotCalledAHand) {
  host()["Tmpfs"] = JsonObject{{"/run", "size=1m"}};
  EXPECT_EQ(text(differences()), "mount /run: tmpfs, mounted otherwise -> tmpfs\n");
  host()["Tmpfs"] = JsonObject{{"/run", ""}};
  const std::map<std::string, SeenThing> none;
  auto around = all_.around();
  around.volumes = &none;
  EXPECT_EQ(text(compare(web_.wanted, web_.inspect, around)),
            "mount /data: ks_data read-only, removed -> ks_data read-only\n");
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

/// One field of a create body held against what an Engine shows of it, over an image.
class OneField : public testing::Test {
 protected:
  std::vector<std::string> compared(std::string_view wanted, std::string_view there,
                                    bool same_hash = false, std::string_view image = "{}") {
    Container container;
    container.config = *parse_json(wanted);
    Json config = *parse_json(there);
    for (Json* one : {&container.config, &config})
      one->as_object()["Labels"] = JsonObject{{"com.docker.compose.config-hash", "same"}};
    if (!same_hash)
      config.as_object()["Labels"].as_object()["com.docker.compose.config-hash"] = "other";
    const Json host = member_or_null(config, "HostConfig");
    const Json image_config = *parse_json(image);
    Surroundings around;
    around.wanted_image = &image_config;
    return fields(compare(container, JsonObject{{"Config", config}, {"HostConfig", host}}, around));
  }
  const std::vector<std::string> nothing_;
};

TEST_F(OneField, AnEmptyEntrypointKeepsTheImagesCommand) {
  const auto* image = R"({"Entrypoint": ["/e"], "Cmd": ["c"]})";
  EXPECT_EQ(compared(R"({"Entrypoint": []})", R"({"Entrypoint": [], "Cmd": ["c"]})", true, image),
            nothing_);
  EXPECT_EQ(compared(R"({"Entrypoint": ["/x"]})", R"({"Entrypoint": ["/x"]})", true, image),
            nothing_);
  EXPECT_EQ(compared(R"({"Entrypoint": [""], "Cmd": ["y"]})", R"({"Cmd": ["y"]})", true, image),
            nothing_);
}

TEST_F(OneField, TheHostsNamespaceIsLeftWhenItIsNotAskedForAnyMore) {
  EXPECT_EQ(
      compared(R"({"HostConfig": {"PidMode": ""}})", R"({"HostConfig": {"PidMode": "host"}})"),
      std::vector<std::string>{"pid"});
  EXPECT_EQ(
      compared(R"({"HostConfig": {"IpcMode": ""}})", R"({"HostConfig": {"IpcMode": "host"}})"),
      std::vector<std::string>{"ipc"});
  for (const auto* chosen : {"private", "shareable"})
    EXPECT_EQ(compared(R"({"HostConfig": {"IpcMode": ""}})",
                       fmt::format(R"({{"HostConfig": {{"IpcMode": "{}"}}}})", chosen)),
              nothing_);
}

TEST_F(OneField, PathsAreMaskedAgainWhenItIsNotForbiddenAnyMore) {
  const auto* wanted = R"({"HostConfig": {"MaskedPaths": null, "ReadonlyPaths": null}})";
  EXPECT_EQ(compared(wanted, R"({"HostConfig": {"MaskedPaths": [], "ReadonlyPaths": []}})"),
            (std::vector<std::string>{"masked paths", "read-only paths"}));
  EXPECT_EQ(compared(wanted, R"({"HostConfig": {"MaskedPaths": ["/proc/kcore"]}})"), nothing_);
}

TEST_F(OneField, AnInitIsTakenAwayAndForbidden) {
  EXPECT_EQ(compared(R"({"HostConfig": {}})", R"({"HostConfig": {"Init": true}})"),
            std::vector<std::string>{"init"});
  EXPECT_EQ(compared(R"({"HostConfig": {"Init": false}})", R"({"HostConfig": {"Init": true}})"),
            std::vector<std::string>{"init"});
  EXPECT_EQ(compared(R"({"HostConfig": {"Init": null}})", R"({"HostConfig": {}})"), nothing_);
}

TEST_F(OneField, NoGraceIsNotTheEnginesTenSeconds) {
  EXPECT_EQ(compared(R"({"StopTimeout": 0})", "{}"), std::vector<std::string>{"stop grace period"});
  EXPECT_EQ(compared(R"({"StopTimeout": 10})", "{}"), nothing_);
}

TEST_F(OneField, ALimitThatTheKernelHasNotIsNotMissed) {
  const auto* wanted = R"({"HostConfig": {"BlkioWeight": 300, "OomKillDisable": true,
                           "MemorySwappiness": 60, "CpuShares": 512, "PidsLimit": 7,
                           "CpuPercent": 5000, "CpuRealtimePeriod": 1000,
                           "Annotations": {"a": "b"}}})";
  EXPECT_EQ(compared(wanted, R"({"HostConfig": {"BlkioWeight": 0}})", true), nothing_);
  // Less the annotations: an Engine that shows none does not know them.
  EXPECT_EQ(compared(wanted, R"({"HostConfig": {"BlkioWeight": 0}})").size(), 7U);
  // Another value than was asked for is someone's doing.
  EXPECT_EQ(compared(R"({"HostConfig": {"CpuShares": 512}})",
                     R"({"HostConfig": {"CpuShares": 77}})", true),
            std::vector<std::string>{"cpu shares"});
}

TEST_F(OneField, SwapWithoutBoundsIsNotTwiceTheMemory) {
  const auto* bounded = R"({"HostConfig": {"Memory": 100, "MemorySwap": 200}})";
  const auto* unbounded = R"({"HostConfig": {"Memory": 100, "MemorySwap": -1}})";
  const auto* asked = R"({"HostConfig": {"Memory": 100, "MemorySwap": 300}})";
  EXPECT_EQ(compared(unbounded, bounded), std::vector<std::string>{"memory swap"});
  EXPECT_EQ(compared(R"({"HostConfig": {"Memory": 100}})", bounded), nothing_);
  // A kernel that does not count swap makes it -1, whatever was asked for.
  EXPECT_EQ(compared(R"({"HostConfig": {"Memory": 100}})", unbounded), nothing_);
  EXPECT_EQ(compared(asked, unbounded, true), nothing_);
  EXPECT_EQ(compared(asked, unbounded), std::vector<std::string>{"memory swap"});
}

TEST_F(OneField, SwappingOnlyWhenItMustIsAskedFor) {
  EXPECT_EQ(compared(R"({"HostConfig": {"MemorySwappiness": 0}})",
                     R"({"HostConfig": {"MemorySwappiness": 60}})"),
            std::vector<std::string>{"memory swappiness"});
  EXPECT_EQ(compared("{}", R"({"HostConfig": {"MemorySwappiness": 60}})"),
            std::vector<std::string>{"memory swappiness"});
  EXPECT_EQ(compared("{}", R"({"HostConfig": {"MemorySwappiness": -1}})"), nothing_);
}

TEST_F(OneField, VolumesFromAnotherAreWrittenToUnlessSaid) {
  EXPECT_EQ(compared(R"({"HostConfig": {"VolumesFrom": ["@service:db:1:rw"]}})",
                     R"({"HostConfig": {"VolumesFrom": ["@service:db:1"]}})"),
            nothing_);
}

TEST(Compare, AnotherServiceIsShownAsItIsWritten) {
  Container wanted;
  wanted.config = *parse_json(R"({"HostConfig": {"NetworkMode": "container:@service:db:1"}})");
  const auto there = *parse_json(R"({"Config": {}, "HostConfig": {"NetworkMode": "none"}})");
  const auto found = compare(wanted, there, {});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].before, "none");
  EXPECT_EQ(found[0].after, "service:db");
}

TEST_F(OneField, AMountsSourceIsOneInAnySpelling) {
  EXPECT_EQ(compared(R"({"HostConfig": {"Binds": ["/srv//app/:/app"]}})",
                     R"({"HostConfig": {"Mounts": [
                         {"Type": "bind", "Source": "/srv/app", "Target": "/app/"}]}})"),
            nothing_);
}

TEST(MacAddress, IsComparedAsTheEngineWritesItAndWhileItHasOne) {
  Container container;
  container.endpoints = {{"n", JsonObject{{"MacAddress", "02:42:AC:11:00:07"}}}};
  const auto compared = [&](const std::string& mac) {
    const JsonObject networks{{"n", JsonObject{{"MacAddress", mac}}}};
    return fields(compare(container,
                          JsonObject{{"NetworkSettings", JsonObject{{"Networks", networks}}}}, {}));
  };
  EXPECT_EQ(compared("02:42:ac:11:00:07"), std::vector<std::string>{});
  EXPECT_EQ(compared(""), std::vector<std::string>{});  // it has stopped
  EXPECT_EQ(compared("02:42:ac:11:00:08"), std::vector<std::string>{"network n"});
}

TEST(GatewayPriority, IsComparedWhereTheEngineKnowsIt) {
  Container container;
  container.endpoints = {{"n", JsonObject{{"GwPriority", 7}}}};
  const auto compared = [&](JsonObject there) {
    const JsonObject networks{{"n", std::move(there)}};
    return fields(compare(container,
                          JsonObject{{"NetworkSettings", JsonObject{{"Networks", networks}}}}, {}));
  };
  EXPECT_EQ(compared({}), std::vector<std::string>{});
  EXPECT_EQ(compared({{"GwPriority", 7}}), std::vector<std::string>{});
  EXPECT_EQ(compared({{"GwPriority", 0}}), std::vector<std::string>{"network n"});
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
