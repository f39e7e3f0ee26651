#include "tests/property/any_request.hpp"

#include <rapidcheck.h>

#include "reconciler/base/digest.hpp"

namespace reconciler::property {
namespace {

using docker::RecordedContainer;
using Texts = std::vector<std::string>;
using Numbers = std::vector<std::int64_t>;
using Values = std::vector<Json>;

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t mebibyte = 1 << 20;

Json parse(std::string_view text) {
  return *parse_json(text);
}

/// Any part of a list, as Compose writes it: null where there is nothing.
Json some_of(const Values& all) {
  JsonArray list;
  for (const Json& one : all)
    if (maybe()) list.push_back(one);
  return list.empty() ? Json() : Json(std::move(list));
}

Json some_members_of(const JsonObject& all) {
  JsonObject object;
  for (const auto& [key, value] : all)
    if (maybe()) object[key] = value;
  return object.empty() ? Json() : Json(std::move(object));
}

Json any_image() {
  JsonObject image;
  const auto put = [&](std::string_view field, Json value) {
    if (maybe()) image[field] = std::move(value);  // recent Engines leave out what is empty
  };
  put("Env", some_of({"A=image", "B=image", "D=image", "PATH=/bin"}));
  put("Labels", some_members_of({{"my.a", "image"}, {"from", "image"}}));
  put("Volumes", some_members_of({{"/image", JsonObject{}}, {"/data/", JsonObject{}}}));
  put("ExposedPorts", some_members_of({{"80/tcp", JsonObject{}}, {"8080/tcp", JsonObject{}}}));
  put("Healthcheck",
      JsonObject{
          {"Test", JsonArray{"CMD", "/image-check"}}, {"Interval", 5 * second}, {"Retries", 4}});
  put("Entrypoint", some_of({"/image-entry"}));
  put("Cmd", JsonArray{"image-command"});
  put("User", Json(one_of(Texts{"", "image"})));
  put("WorkingDir", Json(one_of(Texts{"", "/image/place/", "/"})));
  put("StopSignal", "SIGQUIT");
  return Json(std::move(image));
}

Json any_health_check() {
  return one_of(Values{
      {},
      JsonObject{},
      parse(R"({"Test": ["NONE"]})"),
      parse(R"({"Test": ["CMD", "/check"]})"),
      parse(R"({"Interval": 7000000000})"),
      parse(
          R"({"Test": ["CMD-SHELL", "check || exit 1"], "Interval": 2000000000, "Timeout": 1000000000,
              "Retries": 2, "StartPeriod": 1000000000})"),
  });
}

void put_process(JsonObject& config) {
  config["Env"] = some_of({"A=own", "B", "C=", "E=5", "PATH=/own/bin"});
  config["Cmd"] = one_of(Values{{}, JsonArray{}, JsonArray{"run", "--fast", "all"}});
  config["Entrypoint"] = one_of(Values{{}, JsonArray{}, JsonArray{"/entry", "-x"}});
  if (!config["Cmd"].is_null() && config["Cmd"].as_array().size() > 1 && maybe())
    config["Entrypoint"] = JsonArray{""};  // clears, and needs a command
  if (const Json check = any_health_check(); !check.is_null()) config["Healthcheck"] = check;
  config["User"] = one_of(Texts{"", "1000:1000"});
  config["WorkingDir"] = one_of(Texts{"", "/own/work", "/"});
  config["Hostname"] = one_of(Texts{"", "app-host"});
  config["Domainname"] = one_of(Texts{"", "example.org"});
  config["MacAddress"] = one_of(Texts{"", "02:42:ac:11:00:05"});
  if (maybe()) config["StopSignal"] = "SIGINT";
  if (maybe()) config["StopTimeout"] = one_of(Numbers{0, 1, 30});
  for (const std::string_view field : {"Tty", "OpenStdin", "StdinOnce"}) config[field] = maybe();
  config["AttachStdout"] = true;
  config["OnBuild"] = nullptr;
}

void put_limits(JsonObject& host) {
  for (const std::string_view field :
       {"MemoryReservation", "OomScoreAdj", "NanoCpus", "CpuShares", "CpuQuota", "BlkioWeight"})
    host[field] = one_of(Numbers{0, 300, 500});
  host["Memory"] = one_of(Numbers{0, 64 * mebibyte, 128 * mebibyte});
  host["MemorySwap"] = 0;
  if (number_at(Json(host), "Memory") > 0)
    host["MemorySwap"] = one_of(Numbers{0, -1, 512 * mebibyte});
  host["ShmSize"] = one_of(Numbers{0, 10 * mebibyte});
  host["PidsLimit"] = one_of(Values{{}, 0, -1, 100});
  host["MemorySwappiness"] = one_of(Values{{}, 0, 60});
  host["OomKillDisable"] = one_of(Values{{}, false, true});
  host["CpusetCpus"] = one_of(Texts{"", "0", "0,1"});
  host["Ulimits"] = some_of({parse(R"({"Name": "nofile", "Soft": 100, "Hard": 200})"),
                             parse(R"({"Name": "nproc", "Soft": 50, "Hard": 50})"),
                             parse(R"({"Name": "core", "Soft": 0, "Hard": 0})")});
}

void put_security(JsonObject& host) {
  host["CapAdd"] = some_of({"SYS_NICE", "CAP_NET_ADMIN", "ALL"});
  host["CapDrop"] = some_of({"NET_RAW", "MKNOD"});
  host["SecurityOpt"] = some_of({"no-new-privileges:true", "seccomp=unconfined"});
  host["GroupAdd"] = some_of({"44", "audio"});
  host["Privileged"] = maybe();
  host["ReadonlyRootfs"] = maybe();
  const bool unmasked = maybe() && maybe();  // `systempaths=unconfined`
  for (const std::string_view field : {"MaskedPaths", "ReadonlyPaths"})
    host[field] = unmasked ? Json(JsonArray{}) : Json();
  host["Devices"] = some_of(
      {parse(
           R"({"PathOnHost": "/dev/null", "PathInContainer": "/dev/a", "CgroupPermissions": "rwm"})"),
       parse(
           R"({"PathOnHost": "/dev/zero", "PathInContainer": "/dev/b", "CgroupPermissions": "r"})")});
  host["DeviceCgroupRules"] = some_of({"c 1:3 mr", "a 7:* rmw"});
}

/// `container:ID` of one that lends, or what stands for no other container.
std::string any_mode(const Texts& own) {
  Texts all = own;
  for (const auto& lender : lenders()) all.push_back("container:" + lender.id);
  return one_of(all);
}

void put_surroundings(JsonObject& host) {
  host["PidMode"] = any_mode({"", "", "host"});
  host["IpcMode"] = any_mode({"", "", "host", "shareable", "private"});
  host["UTSMode"] = one_of(Texts{"", "host"});
  host["UsernsMode"] = one_of(Texts{"", "host"});
  host["CgroupnsMode"] = one_of(Texts{"", "host", "private"});
  host["Runtime"] = one_of(Texts{"", "runc", "crun"});
  if (maybe()) host["Init"] = maybe();
  host["Dns"] = some_of({"8.8.8.8", "1.1.1.1", "9.9.9.9"});
  host["DnsSearch"] = some_of({"b.example", "a.example"});
  host["DnsOptions"] = some_of({"use-vc", "no-tld-query"});
  host["ExtraHosts"] = some_of({"h1:1.2.3.4", "h2:1.2.3.5", "gateway:host-gateway"});
  host["Sysctls"] = some_members_of({{"net.core.somaxconn", "1024"}, {"net.ipv4.ip_forward", "1"}});
  host["RestartPolicy"] =
      one_of(Values{parse(R"({"Name": "", "MaximumRetryCount": 0})"),
                    parse(R"({"Name": "no", "MaximumRetryCount": 0})"),
                    parse(R"({"Name": "unless-stopped", "MaximumRetryCount": 0})"),
                    parse(R"({"Name": "on-failure", "MaximumRetryCount": 3})")});
  host["LogConfig"] = one_of(Values{parse(R"({"Type": "", "Config": null})"),
                                    parse(R"({"Type": "json-file", "Config": {"max-size": "1m"}})"),
                                    parse(R"({"Type": "local", "Config": null})")});
}

void put_ports(JsonObject& config, JsonObject& host) {
  const Json bindings = some_members_of(
      {{"80/tcp", parse(R"([{"HostIp": "127.0.0.1", "HostPort": "8080"}])")},
       {"443/udp", parse(R"([{"HostIp": "", "HostPort": "8443"}])")},
       {"9000/tcp",
        parse(R"([{"HostIp": "", "HostPort": ""}, {"HostIp": "::1", "HostPort": "9000"}])")}});
  const Json exposed = some_members_of({{"7000/tcp", JsonObject{}}, {"7001/udp", JsonObject{}}});
  JsonObject all = exposed.is_object() ? exposed.as_object() : JsonObject{};
  if (bindings.is_object())
    for (const auto& [port, places] : bindings.as_object()) all[port] = JsonObject{};
  config["ExposedPorts"] = std::move(all);
  host["PortBindings"] = bindings.is_null() ? Json(JsonObject{}) : bindings;
}

/// 2.26 writes volumes as `Mounts`, 2.40 as `Binds`.
void put_mounts(JsonObject& config, JsonObject& host) {
  const bool as_binds = maybe();
  Values binds{"/srv/app/conf:/etc/app:ro", "/srv/app/log:/var/log:rw",
               "/srv/shared:/shared:rslave", "/srv/label:/label:z"};
  Values mounts{
      parse(R"({"Type": "volume", "Target": "/cache", "VolumeOptions": {}})"),
      parse(R"({"Type": "tmpfs", "Target": "/tm", "TmpfsOptions": {"SizeBytes": 1000000}})"),
      parse(R"({"Type": "bind", "Source": "/srv/app/s.txt", "Target": "/run/secrets/s",
                          "ReadOnly": true, "BindOptions": {"CreateMountpoint": true}})")};
  if (as_binds) {
    binds.insert(binds.end(), {"p_data:/data:rw", "p_other:/other:ro,nocopy"});
  } else {
    mounts.push_back(
        parse(R"({"Type": "volume", "Source": "p_data", "Target": "/data", "VolumeOptions": {}})"));
    mounts.push_back(parse(R"({"Type": "volume", "Source": "p_other", "Target": "/other",
                               "ReadOnly": true, "VolumeOptions": {"NoCopy": true}})"));
  }
  host["Binds"] = some_of(binds);
  host["Mounts"] = some_of(mounts);
  host["Tmpfs"] = some_members_of({{"/run", ""}, {"/tmp", "size=1m"}});
  config["Volumes"] = some_members_of({{"/own", JsonObject{}}});
  Values from;
  for (const auto& lender : lenders()) from.emplace_back(lender.id + one_of(Texts{"", ":ro"}));
  host["VolumesFrom"] = some_of(from);
}

Json any_endpoint() {
  JsonArray aliases{"p-app-1", "app"};
  for (const std::string alias : {"www", "api"})
    if (maybe()) aliases.emplace_back(alias);
  return JsonObject{
      {"Aliases", std::move(aliases)},
      {"IPAMConfig", one_of(Values{{}, JsonObject{}, parse(R"({"IPv4Address": "172.31.77.5"})")})},
      {"Links", some_of({"p-db-1:db", "p-cache-1:cache"})},
      {"DriverOpts", one_of(Values{{}, parse(R"({"com.docker.network.endpoint.x": "1"})")})},
      {"MacAddress", one_of(Texts{"", "02:42:ac:11:00:07"})},
      {"GwPriority", one_of(Numbers{0, 7})},
      {"DNSNames", nullptr},
      {"EndpointID", ""},
      {"Gateway", ""},
      {"IPAddress", ""},
      {"IPPrefixLen", 0},
      {"NetworkID", ""}};
}

/// At API 1.44 all networks are given at creation, before it one and the others by connect calls.
void put_networks(RecordedContainer& recorded, JsonObject& config, JsonObject& host) {
  if (maybe() && maybe()) {
    host["NetworkMode"] = any_mode({"host", "none"});
    return;
  }
  const bool at_once = maybe();
  JsonObject given;
  for (const auto& network : networks) {
    if (!given.empty() && maybe()) continue;
    if (given.empty() && network != networks.back() && maybe()) continue;
    if (given.empty()) host["NetworkMode"] = network;
    if (given.empty() || at_once)
      given[network] = any_endpoint();
    else
      recorded.connects.emplace_back(network, any_endpoint());
  }
  config["NetworkingConfig"] = JsonObject{{"EndpointsConfig", std::move(given)}};
}

RecordedContainer lender(const std::string& service) {
  RecordedContainer recorded;
  recorded.id = sha256("made up id of " + service);
  recorded.name = "p-" + service + "-1";
  recorded.body = JsonObject{{"Labels", JsonObject{{"com.docker.compose.service", service},
                                                   {"com.docker.compose.container-number", "1"}}}};
  return recorded;
}

}  // namespace

bool maybe() {
  return *rc::gen::arbitrary<bool>();
}

std::string one_of(const std::vector<std::string>& texts) {
  return *rc::gen::elementOf(texts);
}

std::int64_t one_of(const std::vector<std::int64_t>& numbers) {
  return *rc::gen::elementOf(numbers);
}

Json one_of(const std::vector<Json>& values) {
  return values[*rc::gen::inRange<size_t>(0, values.size())];
}

std::vector<RecordedContainer> lenders() {
  return {lender("db"), lender("cache")};
}

AnyRequest any_request() {
  AnyRequest request;
  request.image = any_image();
  request.recorded.id = sha256("made up id of app");
  request.recorded.name = "p-app-1";
  JsonObject host;
  JsonObject config{{"Image", "app:v1"}};
  config["Labels"] = JsonObject{
      {"com.docker.compose.project", "p"},
      {"com.docker.compose.service", "app"},
      {"com.docker.compose.container-number", "1"},
      {"com.docker.compose.oneoff", "False"},
      {"com.docker.compose.image", "sha256:of-nothing"},
      {"com.docker.compose.depends_on", "db:service_healthy:false,cache:service_started:true"},
      {"com.docker.compose.version", one_of(Texts{"2.26.1", "2.40.3"})}};
  for (const std::string label : {"my.a", "my.b"})
    if (maybe()) config["Labels"].as_object()[label] = "own";
  put_process(config);
  put_limits(host);
  put_security(host);
  put_surroundings(host);
  put_ports(config, host);
  put_mounts(config, host);
  put_networks(request.recorded, config, host);
  config["HostConfig"] = std::move(host);
  request.recorded.body = std::move(config);
  put_hash(request);
  return request;
}

void put_hash(AnyRequest& request) {
  JsonObject& labels = request.config()["Labels"].as_object();
  labels.erase("com.docker.compose.config-hash");
  JsonArray connects;
  for (const auto& [network, config] : request.recorded.connects)
    connects.push_back(JsonArray{network, config});
  labels["com.docker.compose.config-hash"] =
      sha256(canonical(request.recorded.body) + canonical(Json(std::move(connects))));
}

}  // namespace reconciler::property
