#include "tests/simulation/inspect.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include "reconciler/base/filesystem.hpp"

namespace reconciler::simulation {
namespace {

/// Whether a field asks for nothing: the Engine then has its own value.
bool unset(const Json& value) {
  return value.is_null() || (value.is_string() && value.as_string().empty()) ||
         (value.is_number() && value.to_number<double>() == 0);
}

Json merged(const Json& image, const Json& own) {
  JsonObject all;
  for (const Json* from : {&image, &own})
    if (from->is_object())
      for (const auto& [key, value] : from->as_object()) all[key] = value;
  return Json(std::move(all));
}

/// What was asked for comes first, then what the image has besides. `B` alone goes on being there,
/// and keeps the image's away.
Json merged_environment(const Json& image, const Json& own, bool add_path) {
  JsonArray list;
  std::set<std::string> names;
  const auto add = [&](const Json& from) {
    if (!from.is_array()) return;
    std::set<std::string> here;
    for (const Json& entry : from.as_array()) {
      const std::string text(entry.as_string());
      const auto name = text.substr(0, text.find('='));
      here.insert(name);
      if (!names.contains(name)) list.push_back(entry);
    }
    names.merge(here);
  };
  add(own);
  add(image);
  if (add_path && !names.contains("PATH"))
    list.emplace_back("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  return Json(std::move(list));
}

/// Field by field; an empty test inherits the image's.
Json merged_health_check(const Json& image, const Json& own) {
  if (!own.is_object()) return image;
  if (!image.is_object()) return own;
  Json all = own;
  for (const auto& [key, value] : image.as_object()) {
    const Json& mine = member_or_null(own, key);
    if (unset(mine) || (mine.is_array() && mine.as_array().empty())) all.as_object()[key] = value;
  }
  return all;
}

/// Only an entrypoint with words in it drops the image's command: [] takes the image's entrypoint
/// away, and [""] does both.
void merge_command(JsonObject& config, const Json& image) {
  const Json entrypoint = member_or_null(Json(config), "Entrypoint");
  const Json command = member_or_null(Json(config), "Cmd");
  if (entrypoint.is_array() && !entrypoint.as_array().empty()) {
    if (entrypoint == Json(JsonArray{""})) config["Entrypoint"] = nullptr;
    return;
  }
  if (command.is_null() || command.as_array().empty()) config["Cmd"] = member_or_null(image, "Cmd");
  if (entrypoint.is_null()) config["Entrypoint"] = member_or_null(image, "Entrypoint");
}

Json config_of(const SimulatedContainer& container, const Json& image) {
  Json all = container.body;
  JsonObject& config = all.as_object();
  config.erase("HostConfig");
  config.erase("NetworkingConfig");
  const auto own = [&](std::string_view field) { return member_or_null(container.body, field); };
  const auto inherited = [&](std::string_view field) { return member_or_null(image, field); };
  for (const std::string_view field : {"Labels", "Volumes", "ExposedPorts"})
    config[field] = merged(inherited(field), own(field));
  for (const std::string_view field : {"User", "WorkingDir", "StopSignal"})
    if (unset(own(field))) config[field] = inherited(field);
  config["Env"] = merged_environment(inherited("Env"), own("Env"), container.recent);
  config["Healthcheck"] = merged_health_check(inherited("Healthcheck"), own("Healthcheck"));
  merge_command(config, image);
  if (const auto folder = text_at(all, "WorkingDir"); !folder.empty())
    config["WorkingDir"] = clean_path(folder);
  if (text_at(all, "Hostname").empty()) config["Hostname"] = container.id.substr(0, 12);
  return all;
}

/// As recent Engines show them; 20.10 shows what it was given.
Json normalised_capabilities(const Json& given) {
  std::set<std::string> names;
  for (const Json& entry : given.as_array()) {
    std::string name(entry.as_string());
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    if (name != "ALL" && !name.starts_with("CAP_")) name.insert(0, "CAP_");
    names.insert(name);
  }
  return Json(reconciler::to_json(std::vector<std::string>(names.begin(), names.end())));
}

void add_security(JsonObject& host, bool privileged) {
  const Json asked(host);
  if (privileged || text_at(asked, "PidMode") == "host" || text_at(asked, "IpcMode") == "host") {
    Json& options = host["SecurityOpt"];
    if (!options.is_array()) options = JsonArray{};
    options.as_array().emplace_back("label=disable");
  }
  const auto mask = [&](std::string_view field, JsonArray paths) {
    if (host[field].is_null() && !privileged) host[field] = std::move(paths);
  };
  mask("MaskedPaths", {"/proc/kcore", "/sys/firmware"});
  mask("ReadonlyPaths", {"/proc/bus", "/proc/sys"});
}

Json host_config_of(const SimulatedContainer& container) {
  Json all = member_or_null(container.body, "HostConfig");
  if (!all.is_object()) all = JsonObject{};
  JsonObject& host = all.as_object();
  const auto fill = [&](std::string_view field, const Json& value) {
    if (unset(host[field])) host[field] = value;
  };
  fill("NetworkMode", "default");
  fill("IpcMode", "private");
  fill("CgroupnsMode", "host");
  fill("Runtime", "runc");
  fill("ShmSize", 67108864);
  fill("MemorySwap", 2 * number_at(all, "Memory"));
  if (number_at(all, "PidsLimit") <= 0) host["PidsLimit"] = nullptr;
  const Json log = host["LogConfig"];
  const auto driver = text_at(log, "Type");
  host["LogConfig"] = JsonObject{{"Type", driver.empty() ? "json-file" : driver},
                                 {"Config", merged({}, member_or_null(log, "Config"))}};
  const Json asked = host["RestartPolicy"];
  const bool as_created = text_at(asked, "Name") == container.restart_policy;
  host["RestartPolicy"] =
      JsonObject{{"Name", container.restart_policy},
                 {"MaximumRetryCount", as_created ? number_at(asked, "MaximumRetryCount") : 0}};
  add_security(host, truth_at(all, "Privileged"));
  for (const std::string_view field : {"CapAdd", "CapDrop"})
    if (container.recent && host[field].is_array())
      host[field] = normalised_capabilities(host[field]);
  const auto mode = text_at(all, "NetworkMode");
  if (mode != "default" && mode != "bridge") host["Links"] = nullptr;  // the endpoints have them
  return all;
}

/// Before 25 the Engine adds names of its own to the aliases; afterwards they are `DNSNames`.
Json endpoint_of(const SimulatedContainer& container, const Json& given,
                 const std::string& network_id, const std::string& hostname) {
  JsonObject one = given.is_object() ? given.as_object() : JsonObject{};
  const auto short_id = container.id.substr(0, 12);
  JsonArray aliases = reconciler::to_json(texts_at(given, "Aliases"));
  JsonArray names = aliases;
  names.emplace_back(short_id);
  names.emplace_back(hostname);
  one["Aliases"] = container.recent ? aliases : names;
  if (container.recent) one["DNSNames"] = names;
  one["NetworkID"] = network_id;
  if (container.state == "running" && text_at(given, "MacAddress").empty())
    one["MacAddress"] = "02:42:ac:1d:4d:02";
  if (container.state == "exited") one["MacAddress"] = "";
  return Json(std::move(one));
}

JsonObject networks_of(const SimulatedContainer& container, const std::string& hostname,
                       const std::string& mode) {
  JsonObject attached;
  for (const auto& [network, endpoint] : container.networks)
    attached[network] =
        endpoint_of(container, endpoint, container.network_ids.at(network), hostname);
  if (attached.empty() && (mode == "host" || mode == "none"))
    attached[mode] = JsonObject{{"Aliases", nullptr}, {"NetworkID", ""}};
  return attached;
}

}  // namespace

std::string engine_time(std::int64_t seconds) {
  if (seconds == 0) return "0001-01-01T00:00:00Z";
  return to_text(WallTime(std::chrono::seconds(seconds)));
}

Json inspect(const SimulatedContainer& container, const Json& image_config) {
  Json config = config_of(container, image_config);
  Json host = host_config_of(container);
  JsonObject attached =
      networks_of(container, text_at(config, "Hostname"), text_at(host, "NetworkMode"));
  JsonArray mounts;
  for (const auto& [target, volume] : container.anonymous)
    mounts.push_back(JsonObject{{"Type", "volume"}, {"Name", volume}, {"Destination", target}});
  JsonObject state{{"Status", container.state},
                   {"Running", container.state == "running"},
                   {"ExitCode", container.exit_code},
                   {"StartedAt", engine_time(container.started)},
                   {"FinishedAt", engine_time(container.finished)}};
  if (!container.health.empty()) state["Health"] = JsonObject{{"Status", container.health}};
  return JsonObject{{"Id", container.id},
                    {"Name", "/" + container.name},
                    {"Created", engine_time(container.created)},
                    {"Image", container.image_id},
                    {"RestartCount", container.restarts},
                    {"State", std::move(state)},
                    {"Config", std::move(config)},
                    {"HostConfig", std::move(host)},
                    {"Mounts", std::move(mounts)},
                    {"NetworkSettings", JsonObject{{"Networks", std::move(attached)}}}};
}

Json binds_of(const SimulatedContainer& container) {
  JsonArray all;
  for (const auto& bind : texts_at(member_or_null(container.body, "HostConfig"), "Binds"))
    all.push_back(JsonObject{{"Type", "bind"}, {"Source", bind.substr(0, bind.find(':'))}});
  return all;
}

}  // namespace reconciler::simulation
