#include "tests/simulation/inspect.hpp"

namespace reconciler::simulation {
namespace {

Json merged(const Json& image, const Json& own) {
  JsonObject all;
  for (const Json* from : {&image, &own})
    if (from->is_object())
      for (const auto& [key, value] : from->as_object()) all[key] = value;
  return Json(std::move(all));
}

Json merged_environment(const Json& image, const Json& own) {
  std::map<std::string, std::string> all{
      {"PATH", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}};
  for (const Json* from : {&image, &own})
    if (from->is_array())
      for (const Json& entry : from->as_array()) {
        const std::string text(entry.as_string());
        all[text.substr(0, text.find('='))] = text;
      }
  JsonArray list;
  for (const auto& [name, text] : all) list.emplace_back(text);
  return Json(std::move(list));
}

}  // namespace

std::string engine_time(std::int64_t seconds) {
  if (seconds == 0) return "0001-01-01T00:00:00Z";
  return to_text(WallTime(std::chrono::seconds(seconds)));
}

Json inspect(const SimulatedContainer& container, const Json& image_config) {
  Json config = container.body;
  JsonObject& own = config.as_object();
  Json host = member_or_null(config, "HostConfig");
  own.erase("HostConfig");
  own.erase("NetworkingConfig");
  own["Env"] = merged_environment(member_or_null(image_config, "Env"), member_or_null(config, "Env"));
  own["Labels"] = merged(member_or_null(image_config, "Labels"), member_or_null(config, "Labels"));
  own["Volumes"] = merged(member_or_null(image_config, "Volumes"), member_or_null(config, "Volumes"));
  own["ExposedPorts"] = merged(member_or_null(image_config, "ExposedPorts"), member_or_null(config, "ExposedPorts"));
  if (member_or_null(config, "Entrypoint").is_null() && member_or_null(config, "Cmd").is_null())
    own["Cmd"] = member_or_null(image_config, "Cmd");
  if (text_at(config, "Hostname").empty()) own["Hostname"] = container.id.substr(0, 12);
  if (!host.is_object()) host = JsonObject{};
  JsonObject& settings = host.as_object();
  settings["RestartPolicy"] =
      JsonObject{{"Name", container.restart_policy}, {"MaximumRetryCount", 0}};
  settings["IpcMode"] = "private";
  settings["Runtime"] = "runc";
  settings["ShmSize"] = 67108864;
  JsonObject attached;
  for (const auto& [network, endpoint] : container.networks) {
    JsonObject one = endpoint.is_object() ? endpoint.as_object() : JsonObject{};
    JsonArray aliases;
    for (const auto& alias : texts_at(endpoint, "Aliases")) aliases.emplace_back(alias);
    aliases.emplace_back(container.id.substr(0, 12));
    one["Aliases"] = std::move(aliases);
    one["NetworkID"] = container.network_ids.at(network);
    attached[network] = std::move(one);
  }
  JsonArray mounts;
  for (const auto& [target, volume] : container.anonymous)
    mounts.push_back(JsonObject{{"Type", "volume"}, {"Name", volume}, {"Destination", target}});
  JsonObject state{{"Status", container.state},
                   {"Running", container.state == "running"},
                   {"ExitCode", container.exit_code},
                   {"StartedAt", engine_time(container.started)}};
  if (!container.health.empty()) state["Health"] = JsonObject{{"Status", container.health}};
  return JsonObject{{"Id", container.id},
                    {"Name", "/" + container.name},
                    {"Created", engine_time(container.created)},
                    {"Image", container.image_id},
                    {"RestartCount", 0},
                    {"State", std::move(state)},
                    {"Config", std::move(config)},
                    {"HostConfig", std::move(host)},
                    {"Mounts", std::move(mounts)},
                    {"NetworkSettings", JsonObject{{"Networks", std::move(attached)}}}};
}

}  // namespace reconciler::simulation
