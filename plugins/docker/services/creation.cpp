#include "plugins/docker/services/creation.hpp"

#include <fmt/format.h>

#include "plugins/docker/services/data.hpp"
#include "plugins/docker/services/mounts.hpp"
#include "plugins/docker/services/names.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

JsonObject& object_in(JsonObject& parent, std::string_view name) {
  Json& value = parent[name];
  if (!value.is_object()) value = JsonObject{};
  return value.as_object();
}

Result<std::string> bound(const std::string& text, const Creation& creation) {
  const auto at = text.find("@service:");
  if (at == std::string::npos) return text;
  const auto parts = split(text.substr(at), ':');
  const std::string symbol = parts.size() >= 3 ? parts[0] + ":" + parts[1] + ":" + parts[2] : text;
  const auto found = creation.containers.find(symbol);
  if (found == creation.containers.end())
    return failure(
        error("container.reference_unknown",
              fmt::format("the container of service {} is not there, and {} needs it",
                          parts.size() > 1 ? parts[1] : text, creation.environment.text()))
            .passing());
  return text.substr(0, at) + found->second + text.substr(at + symbol.size());
}

Status bind_references(JsonObject& host, const Creation& creation) {
  for (const std::string_view field : {"NetworkMode", "PidMode", "IpcMode"}) {
    Json* value = host.if_contains(field);
    if (!value || !value->is_string()) continue;
    auto text = bound(std::string(value->as_string()), creation);
    if (!text) return failed(text);
    if (text->size() == 64 && text->find(':') == std::string::npos) *text = "container:" + *text;
    *value = *text;
  }
  if (Json* from = host.if_contains("VolumesFrom"); from && from->is_array())
    for (Json& entry : from->as_array()) {
      if (!entry.is_string()) continue;
      auto text = bound(std::string(entry.as_string()), creation);
      if (!text) return failed(text);
      entry = *text;
    }
  return {};
}

/// Compiling asked as well; a container may have put a link there since.
Status check_binds(const Container& wanted, const std::vector<std::string>& roots) {
  static const Json nothing;
  const Json* host = member(wanted.config, "HostConfig");
  for (const auto& [target, mount] : mounts_of(wanted.config, host ? *host : nothing)) {
    if (mount.type != "bind") continue;
    if (auto straight = check_link(mount.source, roots); !straight) return straight;
  }
  return {};
}

}  // namespace

void carry_volumes(JsonObject& config, const Json* image_config,
                   const std::map<std::string, std::string>& volumes) {
  if (volumes.empty()) return;
  JsonObject& host = object_in(config, "HostConfig");
  auto mounts = mounts_of(Json(config), Json(host));
  if (image_config)
    if (const Json* declared = member(*image_config, "Volumes"); declared && declared->is_object())
      for (const auto& [target, mount] :
           mounts_of(Json(JsonObject{{"Volumes", *declared}}), Json()))
        mounts.try_emplace(target, mount);
  JsonArray kept;
  if (Json* list = host.if_contains("Mounts"); list && list->is_array()) kept = list->as_array();
  for (const auto& [target, mount] : mounts) {
    const auto found = volumes.find(target);
    if (!mount.anonymous() || found == volumes.end()) continue;
    bool written = false;
    for (Json& entry : kept)
      if (text_at(entry, "Target") == target) {
        entry.as_object()["Source"] = found->second;
        written = true;
      }
    if (!written)
      kept.push_back(JsonObject{{"Type", "volume"}, {"Source", found->second}, {"Target", target}});
    if (Json* own = config.if_contains("Volumes"); own && own->is_object())
      own->as_object().erase(target);
    if (Json* binds = host.if_contains("Binds"); binds && binds->is_array()) {
      JsonArray others;
      for (const Json& bind : binds->as_array())
        if (bind != Json(target)) others.push_back(bind);
      *binds = std::move(others);
    }
  }
  if (!kept.empty()) host["Mounts"] = std::move(kept);
}

Result<Json> creation_body(const Container& wanted, const Creation& creation) {
  if (auto straight = check_binds(wanted, creation.roots); !straight) return failed(straight);
  JsonObject body = wanted.config.is_object() ? wanted.config.as_object() : JsonObject{};
  JsonObject& labels = object_in(body, "Labels");
  labels[label::environment] = creation.environment.text();
  labels[label::lineage] = creation.lineage;
  labels[label::attempt] = creation.attempt;
  // What Compose writes there; with another value its next `up` makes the container anew.
  labels[label::image] = creation.image_id;
  for (const auto& [name, value] : creation.labels) labels[name] = value;
  if (auto done = bind_references(object_in(body, "HostConfig"), creation); !done)
    return failed(done);
  carry_volumes(body, creation.image_config, creation.volumes);
  if (!wanted.endpoints.empty()) {
    const auto& first = wanted.endpoints.front();
    body["NetworkingConfig"] =
        JsonObject{{"EndpointsConfig", JsonObject{{first.network, first.config}}}};
  }
  return Json(std::move(body));
}

}  // namespace reconciler::docker
