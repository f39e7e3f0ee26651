#include "tests/property/changes.hpp"

#include <algorithm>

#include "reconciler/base/text.hpp"

namespace reconciler::property {
namespace {

using Texts = std::vector<std::string>;
using Values = std::vector<Json>;

Json json(std::string_view text) {
  return *parse_json(text);
}

/// Null, "", 0, false and [] ask for one thing in most fields.
bool unset(const Json& value) {
  return value.is_null() || value == Json("") || value == Json(0) || value == Json(false) ||
         value == Json(JsonArray{});
}

bool means_the_same(const Json& a, const Json& b) {
  return same(a, b) || (unset(a) && unset(b));
}

/// Fields of `HostConfig` that are compared as they are, and values for them.
struct Plain {
  std::string_view field;
  std::string_view word;
  Values values;
};

const std::vector<Plain>& plain_host_fields() {
  static const std::vector<Plain> fields{
      {"UTSMode", "uts", {"", "host"}},
      {"UsernsMode", "userns", {"", "host"}},
      {"CgroupParent", "cgroup parent", {"/changed"}},
      {"Privileged", "privileged", {true, false}},
      {"ReadonlyRootfs", "read-only root", {true, false}},
      {"AutoRemove", "auto remove", {true}},
      {"PublishAllPorts", "published ports", {true}},
      {"Dns", "dns", {JsonArray{"9.9.9.9", "8.8.8.8"}, {}}},
      {"DnsSearch", "dns search", {JsonArray{"c.example"}, {}}},
      {"DnsOptions", "dns options", {JsonArray{"ndots:2"}, {}}},
      {"Sysctls", "sysctl", {json(R"({"net.core.somaxconn": "7"})"), {}}},
      {"StorageOpt", "storage option", {json(R"({"size": "1G"})")}},
      {"MemoryReservation", "memory reservation", {0, 1 << 20}},
      {"OomKillDisable", "oom kill", {true, false}},
      {"OomScoreAdj", "oom score", {0, 77}},
      {"NanoCpus", "cpus", {0, 2000000000}},
      {"CpuShares", "cpu shares", {0, 77}},
      {"CpuQuota", "cpu quota", {0, 7000}},
      {"CpusetCpus", "cpuset", {"", "1"}},
      {"BlkioWeight", "block io weight", {0, 77}},
      {"DeviceRequests", "device requests", {json(R"([{"Driver": "nvidia", "Count": -1}])")}},
      {"RestartPolicy",
       "restart",
       {json(R"({"Name": "always", "MaximumRetryCount": 0})"),
        json(R"({"Name": "on-failure", "MaximumRetryCount": 7})")}},
      {"PidMode", "pid", {"", "host", Json("container:" + lenders()[0].id)}},
      {"IpcMode", "ipc", {"host", Json("container:" + lenders()[1].id)}},
  };
  return fields;
}

/// Fields whose elements are a set; an element is put in or taken out.
const std::vector<Plain>& set_fields() {
  static const std::vector<Plain> fields{
      {"CapAdd", "capabilities", {"SYS_NICE", "CAP_SYS_PTRACE"}},
      {"CapDrop", "dropped capabilities", {"NET_RAW", "CAP_FOWNER"}},
      {"SecurityOpt", "security options", {"seccomp=unconfined", "apparmor=changed"}},
      {"GroupAdd", "groups", {"44", "77"}},
      {"ExtraHosts", "extra hosts", {"h1:1.2.3.4", "h7:7.7.7.7"}},
      {"DeviceCgroupRules", "device rules", {"c 1:3 mr", "c 7:7 r"}},
      {"Ulimits", "ulimit rss", {json(R"({"Name": "rss", "Soft": 7, "Hard": 7})")}},
      {"Devices",
       "device /dev/new",
       {json(R"({"PathOnHost": "/dev/null", "PathInContainer": "/dev/new",
                  "CgroupPermissions": "rwm"})")}},
  };
  return fields;
}

void toggle(JsonObject& object, std::string_view field, const Json& element) {
  Json& value = object[field];
  if (!value.is_array()) value = JsonArray{};
  JsonArray& list = value.as_array();
  if (const auto found = std::ranges::find(list, element); found != list.end())
    list.erase(found);
  else
    list.push_back(element);
}

JsonObject& object_in(JsonObject& parent, std::string_view field) {
  Json& value = parent[field];
  if (!value.is_object()) value = JsonObject{};
  return value.as_object();
}

class Changes {
 public:
  explicit Changes(AnyRequest request) : request_(std::move(request)) {}

  std::vector<Change> all() {
    of_process();
    of_host();
    of_limits();
    of_engine_choices();
    of_ports();
    of_mounts();
    of_networks();
    return std::move(all_);
  }

 private:
  void add(std::string field, Texts words, std::function<void(AnyRequest&)> make,
           bool seen_back = true) {
    all_.push_back({std::move(field), std::move(words), std::move(make), seen_back});
  }

  const Json& now(std::string_view field) { return member_or_null(request_.recorded.body, field); }
  const Json& host_now(std::string_view field) { return member_or_null(now("HostConfig"), field); }

  void set(std::string_view field, Texts words, const Json& value, bool seen_back = true) {
    add(
        std::string(field), std::move(words),
        [field, value](AnyRequest& request) { request.config()[field] = value; }, seen_back);
  }

  void set_host(std::string_view field, Texts words, const Json& value, bool seen_back = true) {
    add(
        std::string(field), std::move(words),
        [field, value](AnyRequest& request) { request.host()[field] = value; }, seen_back);
  }

  void of_process() {
    for (const std::string name : {"A", "B", "E", "NEW"})
      add("Env", {"environment " + name}, [name](AnyRequest& request) {
        Json& env = request.config()["Env"];
        JsonArray others;
        if (env.is_array())
          for (const Json& entry : env.as_array())
            if (split(std::string(entry.as_string()), '=')[0] != name) others.push_back(entry);
        others.emplace_back(name + "=changed");
        env = std::move(others);
      });
    for (const std::string name : {"my.a", "my.new"})
      add("Labels", {"label " + name}, [name](AnyRequest& request) {
        request.config()["Labels"].as_object()[name] = "changed";
      });
    // What is started depends on both: an entrypoint of its own drops the image's command.
    set("Entrypoint", {"entrypoint", "command"}, JsonArray{"/changed"});
    set("Cmd", {"command"}, JsonArray{"changed"});
    set("Healthcheck", {"healthcheck"}, json(R"({"Test": ["CMD", "/changed"]})"));
    set("Healthcheck", {"healthcheck"}, json(R"({"Test": ["NONE"], "Interval": 77})"));
    set("User", {"user"}, "changed");
    set("WorkingDir", {"working directory"}, "/changed");
    set("StopSignal", {"stop signal"}, "SIGUSR1");
    set("Domainname", {"domain name"}, "changed.example");
    set("Image", {"image"}, "app:v2");
    set("Tty", {"tty"}, !now("Tty").as_bool());
    set("OpenStdin", {"stdin"}, !now("OpenStdin").as_bool());
    set("StdinOnce", {"stdin"}, !now("StdinOnce").as_bool());
    for (const Json& seconds : Values{{}, 0, 77})
      if (!same(now("StopTimeout"), seconds)) set("StopTimeout", {"stop grace period"}, seconds);
  }

  void of_host() {
    for (const auto& [field, word, values] : plain_host_fields())
      for (const Json& value : values)
        if (!means_the_same(host_now(field), value)) set_host(field, {std::string(word)}, value);
    for (const auto& [field, word, values] : set_fields())
      for (const Json& element : values)
        add(std::string(field), {std::string(word)}, [field = field, element](AnyRequest& request) {
          toggle(request.host(), field, element);
        });
    // null leaves the paths to the Engine, [] masks none
    for (const auto& [field, word] :
         {std::pair{"MaskedPaths", "masked paths"}, std::pair{"ReadonlyPaths", "read-only paths"}})
      if (!truth_at(now("HostConfig"), "Privileged"))
        set_host(field, {word}, host_now(field).is_null() ? Json(JsonArray{}) : Json());
    for (const Json& init : Values{{}, false, true})
      if (!same(host_now("Init"), init)) set_host("Init", {"init"}, init);
    const auto lender = lenders()[0].id;
    add("VolumesFrom", {"volumes from"}, [lender](AnyRequest& request) {
      Json& from = request.host()["VolumesFrom"];
      const Texts before = texts_at(Json(request.host()), "VolumesFrom");
      JsonArray others;
      for (const auto& entry : before)
        if (!entry.starts_with(lender)) others.emplace_back(entry);
      if (others.size() == before.size()) others.emplace_back(lender);
      from = std::move(others);
    });
  }

  void of_limits() {
    const auto memory = number_at(now("HostConfig"), "Memory");
    for (const std::int64_t size : {0, 32 << 20})
      if (memory != size)
        add("Memory", {"memory", "memory swap"}, [size](AnyRequest& request) {
          request.host()["Memory"] = size;
          request.host()["MemorySwap"] = 0;
        });
    const auto swap = number_at(now("HostConfig"), "MemorySwap");
    for (const std::int64_t size : {-1, 0, 768 << 20})
      // Where nothing is asked for, -1 may be of a kernel that does not count swap.
      if (memory > 0 && swap != size && (swap != -1 || size != 0))
        set_host("MemorySwap", {"memory swap"}, size, swap != 0 || size != -1);
    for (const Json& pids : Values{{}, 77})
      if ((number_at(now("HostConfig"), "PidsLimit") <= 0) != pids.is_null())
        set_host("PidsLimit", {"pids limit"}, pids);
    for (const Json& much : Values{{}, 0, 77})
      if (!same(host_now("MemorySwappiness"), much))
        set_host("MemorySwappiness", {"memory swappiness"}, much);
    set_host("ShmSize", {"shm size"}, 7 << 20);
  }

  /// Not asked for, these are the daemon's to choose.
  void of_engine_choices() {
    set("Hostname", {"hostname"}, "changed", !unset(now("Hostname")));
    set("MacAddress", {"mac address"}, "02:42:ac:11:00:77", !unset(now("MacAddress")));
    set_host("Runtime", {"runtime"}, "changed", !unset(host_now("Runtime")));
    if (host_now("CgroupnsMode") != Json("private"))
      set_host("CgroupnsMode", {"cgroup"}, "private", !unset(host_now("CgroupnsMode")));
    if (host_now("IpcMode") != Json("shareable"))
      set_host("IpcMode", {"ipc"}, "shareable", !unset(host_now("IpcMode")));
    const Json log = host_now("LogConfig");
    const bool driver_given = !text_at(log, "Type").empty();
    Json other = log;
    other.as_object()["Type"] = "syslog";
    set_host("LogConfig", {"log driver"}, other, driver_given);
    other = log;
    other.as_object()["Config"] = JsonObject{{"tag", "changed"}};
    set_host("LogConfig", {"log options"}, other);
  }

  void of_ports() {
    add("ExposedPorts", {"exposed port 7777/udp"}, [](AnyRequest& request) {
      object_in(request.config(), "ExposedPorts")["7777/udp"] = JsonObject{};
    });
    for (const auto& [port, word] :
         {std::pair{"80/tcp", "port 80"}, std::pair{"7777/udp", "port 7777/udp"}})
      add("PortBindings", {word}, [port = port](AnyRequest& request) {
        object_in(request.host(), "PortBindings")[port] =
            JsonArray{Json(JsonObject{{"HostIp", "127.0.0.7"}, {"HostPort", "7777"}})};
      });
  }

  void of_mounts() {
    add("Binds", {"mount /new"},
        [](AnyRequest& request) { toggle(request.host(), "Binds", "/srv/new:/new:rw"); });
    for (const auto& bind : texts_at(now("HostConfig"), "Binds")) {
      const auto parts = split(bind, ':');
      const Texts words{"mount " + parts[1]};
      const auto replace = [&](const std::string& other) {
        add("Binds", words, [bind, other](AnyRequest& request) {
          toggle(request.host(), "Binds", Json(bind));
          if (!other.empty()) toggle(request.host(), "Binds", Json(other));
        });
      };
      replace("");
      replace("/srv/changed:" + parts[1] + ":" + parts[2]);
      replace(parts[0] + ":" + parts[1] + (parts[2] == "ro" ? ":rw" : ":ro"));
    }
    const Json mounts = host_now("Mounts");
    for (size_t i = 0; mounts.is_array() && i < mounts.as_array().size(); ++i) {
      const Texts words{"mount " + text_at(mounts.as_array()[i], "Target")};
      add("Mounts", words, [i](AnyRequest& request) {
        JsonArray& list = request.host()["Mounts"].as_array();
        list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
      });
      add("Mounts", words, [i](AnyRequest& request) {
        JsonObject& mount = request.host()["Mounts"].as_array()[i].as_object();
        mount["ReadOnly"] = !truth_at(Json(mount), "ReadOnly");
      });
    }
    add("Tmpfs", {"mount /run"},
        [](AnyRequest& request) { object_in(request.host(), "Tmpfs")["/run"] = "size=77m"; });
  }

  using Endpoints = std::vector<std::pair<std::string, Json>>;

  void of_networks() {
    const Json* networking = member(request_.recorded.body, "NetworkingConfig");
    if (!networking) return of_network_mode();
    const JsonObject& given = networking->at("EndpointsConfig").as_object();
    const Endpoints& connects = request_.recorded.connects;
    for (const auto& network : networks) {
      const Texts words{"network " + network};
      const auto connected = std::ranges::find(connects, network, &Endpoints::value_type::first);
      if (const auto found = given.find(network); found != given.end())
        of_endpoint(words, found->value(), [network](AnyRequest& request) -> JsonObject& {
          return request.config()["NetworkingConfig"].at("EndpointsConfig").at(network).as_object();
        });
      else if (connected != connects.end())
        of_endpoint(words, connected->second,
                    [i = connected - connects.begin()](AnyRequest& request) -> JsonObject& {
                      return request.recorded.connects[static_cast<size_t>(i)].second.as_object();
                    });
      else
        add("connect", words, [network](AnyRequest& request) {
          request.recorded.connects.emplace_back(network, JsonObject{});
        });
    }
    if (!connects.empty())
      add("connect", {"network " + connects.back().first},
          [](AnyRequest& request) { request.recorded.connects.pop_back(); });
  }

  template <class In>
  void of_endpoint(const Texts& words, const Json& endpoint, const In& in) {
    const auto put = [&](std::string_view field, const Json& value, bool seen_back = true) {
      add(
          std::string(field), words,
          [in, field, value](AnyRequest& request) { in(request)[field] = value; }, seen_back);
    };
    put("Aliases", JsonArray{"app", "changed"});
    put("IPAMConfig", json(R"({"IPv4Address": "172.31.77.77"})"));
    put("Links", JsonArray{"p-db-1:changed"});
    put("DriverOpts", json(R"({"changed": "1"})"));
    put("GwPriority", 77);
    put("MacAddress", "02:42:ac:11:00:77", !text_at(endpoint, "MacAddress").empty());
  }

  void of_network_mode() {
    for (const std::string& mode :
         Texts{"host", "none", "container:" + lenders()[0].id, "container:" + lenders()[1].id})
      if (host_now("NetworkMode") != Json(mode))
        set_host("NetworkMode", {"network mode"}, Json(mode));
  }

  AnyRequest request_;
  std::vector<Change> all_;
};

}  // namespace

std::vector<Change> changes_of(const AnyRequest& request) {
  return Changes(request).all();
}

}  // namespace reconciler::property
