#include "tests/property/spellings.hpp"

#include <fmt/format.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <random>

#include "reconciler/base/text.hpp"

namespace reconciler::property {
namespace {

using Texts = std::vector<std::string>;
using Respelling = std::function<std::string(const std::string&)>;

void shuffle_list(JsonObject& object, std::string_view field, std::mt19937& random) {
  if (Json* list = object.if_contains(field); list && list->is_array())
    std::shuffle(list->as_array().begin(), list->as_array().end(), random);
}

/// The same object with its keys in another order, at any depth.
Json shuffled_keys(const Json& value, std::mt19937& random) {
  if (!value.is_object()) return value;
  Texts keys;
  for (const auto& [key, inner] : value.as_object()) keys.emplace_back(key);
  std::shuffle(keys.begin(), keys.end(), random);
  JsonObject out;
  for (const auto& key : keys) out[key] = shuffled_keys(value.at(key), random);
  return Json(std::move(out));
}

void shuffle_dependencies(JsonObject& labels, std::mt19937& random) {
  Json& label = labels["com.docker.compose.depends_on"];
  auto parts = split(std::string(label.as_string()), ',');
  std::shuffle(parts.begin(), parts.end(), random);
  label = join(parts, ",");
}

/// Endpoint configurations, wherever they are given.
void for_each_endpoint(AnyRequest& request, const std::function<void(JsonObject&)>& work) {
  if (Json* given = request.config().if_contains("NetworkingConfig"))
    for (auto& [network, endpoint] : given->at("EndpointsConfig").as_object())
      work(endpoint.as_object());
  for (auto& [network, endpoint] : request.recorded.connects) work(endpoint.as_object());
}

void respell_list(JsonObject& object, std::string_view field, const Respelling& respelling) {
  if (Json* list = object.if_contains(field); list && list->is_array())
    for (Json& entry : list->as_array())
      if (maybe()) entry = respelling(std::string(entry.as_string()));
}

void respell_keys(JsonObject& object, std::string_view field, const Respelling& respelling) {
  Json* found = object.if_contains(field);
  if (!found || !found->is_object()) return;
  JsonObject out;
  for (const auto& [key, value] : found->as_object())
    out[maybe() ? respelling(std::string(key)) : std::string(key)] = value;
  *found = std::move(out);
}

/// `field` written as one of `ways`, where it is written as one of them now.
void respell(JsonObject& object, std::string_view field, const std::vector<Json>& ways) {
  const Json now = member_or_null(Json(object), field);
  if (std::ranges::find(ways, now) != ways.end()) object[field] = one_of(ways);
}

std::string in_case(std::string text, int (*to_case)(int)) {
  std::ranges::transform(text, text.begin(), [&](unsigned char c) { return to_case(c); });
  return text;
}

std::string capability(const std::string& name) {
  std::string other = name.starts_with("CAP_") ? name.substr(4) : name;
  if (name != "ALL" && maybe()) other.insert(0, "CAP_");
  return maybe() ? in_case(other, std::tolower) : other;
}

std::string port(const std::string& name) {
  return name.ends_with("/tcp") ? name.substr(0, name.size() - 4) : name;
}

std::string path(const std::string& clean) {
  if (clean.empty() || clean == "/") return clean;
  return one_of(Texts{clean + "/", "/" + clean, "/a/.." + clean, clean + "/."});
}

/// `p_data` is a volume's name, `/srv` a path.
std::string bind(const std::string& text) {
  auto parts = split(text, ':');
  if (parts[0].starts_with("/")) parts[0] = path(parts[0]);
  parts[1] = path(parts[1]);
  if (parts.size() == 3 && parts[2] == "rw") parts.pop_back();
  return join(parts, ":");
}

/// As an entry of `Mounts`; null for what only `Binds` can say.
Json as_mount(const std::string& text) {
  const auto parts = split(text, ':');
  const auto mode = parts.size() > 2 ? parts[2] : "rw";
  JsonObject mount{{"Source", parts[0]}, {"Target", parts[1]}};
  mount["Type"] = parts[0].starts_with("/") ? "bind" : "volume";
  if (mode.starts_with("ro")) mount["ReadOnly"] = true;
  if (mode == "rslave") mount["BindOptions"] = JsonObject{{"Propagation", mode}};
  if (mode.ends_with("nocopy")) mount["VolumeOptions"] = JsonObject{{"NoCopy", true}};
  return mode == "z" ? Json() : Json(std::move(mount));
}

/// As an entry of `Binds`; empty for what only `Mounts` can say.
std::string as_bind(const Json& mount) {
  const auto source = text_at(mount, "Source");
  const auto target = text_at(mount, "Target");
  if (text_at(mount, "Type") == "tmpfs") return "";
  if (source.empty()) return target;
  std::string modes = truth_at(mount, "ReadOnly") ? "ro" : "rw";
  if (truth_at(member_or_null(mount, "VolumeOptions"), "NoCopy")) modes += ",nocopy";
  return fmt::format("{}:{}:{}", source, target, modes);
}

void respell_mounts(JsonObject& host) {
  respell_list(host, "Binds", bind);
  JsonArray binds;
  JsonArray mounts;
  if (host["Binds"].is_array())
    for (const Json& entry : host["Binds"].as_array()) {
      const Json mount = as_mount(std::string(entry.as_string()));
      if (!mount.is_null() && maybe())
        mounts.push_back(mount);
      else
        binds.push_back(entry);
    }
  if (host["Mounts"].is_array())
    for (const Json& entry : host["Mounts"].as_array()) {
      const auto text = as_bind(entry);
      if (!text.empty() && maybe())
        binds.emplace_back(text);
      else
        mounts.push_back(entry);
    }
  host["Binds"] = std::move(binds);
  host["Mounts"] = std::move(mounts);
  respell_keys(host, "Tmpfs", path);
}

/// All networks at creation, or all but the first by connect calls.
void respell_networks(AnyRequest& request) {
  Json* networking = request.config().if_contains("NetworkingConfig");
  if (!networking) return;
  JsonObject& given = networking->at("EndpointsConfig").as_object();
  auto& connects = request.recorded.connects;
  if (maybe()) {
    for (auto& [network, endpoint] : connects) given[network] = std::move(endpoint);
    connects.clear();
    return;
  }
  const auto first = text_at(Json(request.host()), "NetworkMode");
  for (const auto& network : networks)
    if (network != first && given.contains(network)) {
      connects.emplace_back(network, given[network]);
      given.erase(network);
    }
}

void respell_defaults(JsonObject& config, JsonObject& host) {
  respell(config, "Cmd", {{}, JsonArray{}});
  respell(config, "StopTimeout", {{}, 10});
  respell(config, "Healthcheck", {{}, JsonObject{}});
  respell(config, "Image", {"app:v1", "docker.io/library/app:v1"});
  respell(host, "ShmSize", {0, 67108864});
  respell(host, "PidsLimit", {{}, 0, -1});
  respell(host, "NetworkMode", {"default", ""});
  const auto memory = number_at(Json(host), "Memory");
  if (memory > 0) respell(host, "MemorySwap", {0, 2 * memory});
  const Json restart = host["RestartPolicy"];
  if (const auto name = text_at(restart, "Name"); name.empty() || name == "no")
    host["RestartPolicy"] = JsonObject{{"Name", one_of(Texts{"", "no"})}};
  for (const std::string_view field : {"CapAdd", "CapDrop", "Binds", "Mounts", "ExtraHosts"})
    respell(host, field, {{}, JsonArray{}});
}

}  // namespace

AnyRequest shuffled(AnyRequest request) {
  std::mt19937 random(*rc::gen::arbitrary<unsigned>());
  shuffle_list(request.config(), "Env", random);
  for (const std::string_view field :
       {"Binds", "Mounts", "Ulimits", "CapAdd", "CapDrop", "SecurityOpt", "ExtraHosts", "GroupAdd",
        "Devices", "DeviceCgroupRules", "VolumesFrom"})
    shuffle_list(request.host(), field, random);
  shuffle_dependencies(request.config()["Labels"].as_object(), random);
  for_each_endpoint(request,
                    [&](JsonObject& endpoint) { shuffle_list(endpoint, "Links", random); });
  request.recorded.body = shuffled_keys(request.recorded.body, random);
  return request;
}

AnyRequest respelled(AnyRequest request) {
  JsonObject& config = request.config();
  JsonObject host = request.host();
  respell_list(host, "CapAdd", capability);
  respell_list(host, "CapDrop", capability);
  respell_list(host, "VolumesFrom",
               [](const std::string& from) { return from.ends_with(":ro") ? from : from + ":rw"; });
  respell_keys(config, "ExposedPorts", port);
  respell_keys(host, "PortBindings", port);
  respell_keys(config, "Volumes", path);
  config["WorkingDir"] = path(text_at(Json(config), "WorkingDir"));
  respell_mounts(host);
  respell_defaults(config, host);
  config["HostConfig"] = std::move(host);
  respell_networks(request);
  for_each_endpoint(request, [](JsonObject& endpoint) {
    std::ranges::reverse(endpoint["Aliases"].as_array());
    const auto mac = text_at(Json(endpoint), "MacAddress");
    endpoint["MacAddress"] = maybe() ? in_case(mac, std::toupper) : mac;
    respell(endpoint, "IPAMConfig", {{}, JsonObject{}});
  });
  config["Labels"].as_object()["com.docker.compose.version"] = one_of(Texts{"2.26.1", "2.40.3"});
  put_hash(request);
  return request;
}

}  // namespace reconciler::property
