#include "plugins/docker/compose/canonical_form.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

void sort_array(JsonObject& object, std::string_view name) {
  auto* found = object.if_contains(boost::json::string_view(name.data(), name.size()));
  if (!found || !found->is_array()) return;
  auto& array = found->get_array();
  std::vector<std::pair<std::string, Json>> items;
  for (auto& item : array) items.emplace_back(canonical(item), item);
  std::stable_sort(items.begin(), items.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (size_t i = 0; i < items.size(); ++i) array[i] = std::move(items[i].second);
}

using Ids = std::map<std::string, std::string>;  // fake id -> symbolic

void name_ids(Json& value, const Ids& ids) {
  if (auto* object = value.if_object()) {
    for (auto& pair : *object) name_ids(pair.value(), ids);
  } else if (auto* array = value.if_array()) {
    for (auto& item : *array) name_ids(item, ids);
  } else if (value.is_string()) {
    std::string text(value.get_string());
    bool changed = false;
    for (const auto& [id, name] : ids)
      for (size_t at = text.find(id); at != std::string::npos; at = text.find(id, at)) {
        text.replace(at, id.size(), name);
        changed = true;
      }
    if (changed) value = text;
  }
}

std::string label(const Json& body, std::string_view name) {
  const Json* labels = member(body, "Labels");
  return labels ? text_at(*labels, name) : "";
}

int number_of(const RecordedContainer& recorded) {
  const int number = std::atoi(label(recorded.body, "com.docker.compose.container-number").c_str());
  return number > 0 ? number : 1;
}

void canonical_labels(JsonObject& config) {
  auto* labels = config.if_contains("Labels") ? config["Labels"].if_object() : nullptr;
  if (!labels) return;
  labels->erase("com.docker.compose.image");
  labels->erase("com.docker.compose.slug");
  labels->erase("com.docker.compose.project.environment_file");  // /dev/null: our way of asking
  if (auto* dependencies = labels->if_contains("com.docker.compose.depends_on");
      dependencies && dependencies->is_string()) {
    auto parts = split(std::string(dependencies->get_string()), ',');
    std::sort(parts.begin(), parts.end());
    *dependencies = join(parts, ",");
  }
}

/// What the Engine fills in while a container runs is written as nothing by Compose: left out. An
/// empty object is kept: `IPAMConfig: {}` shows in inspect.
Json canonical_endpoint(const Json& config) {
  JsonObject out;
  if (config.is_object())
    for (const auto& pair : config.get_object()) {
      const Json& value = pair.value();
      const bool nothing = value.is_null() || (value.is_string() && value.get_string().empty()) ||
                           (value.is_number() && value.to_number<double>() == 0) ||
                           (value.is_array() && value.get_array().empty());
      if (!nothing) out[pair.key()] = value;
    }
  sort_array(out, "Links");
  return out;
}

std::vector<Endpoint> endpoints_of(const RecordedContainer& recorded) {
  std::vector<Endpoint> out;
  const Json* host = member(recorded.body, "HostConfig");
  const std::string primary = host ? text_at(*host, "NetworkMode") : "";
  const Json* networking = member(recorded.body, "NetworkingConfig");
  const Json* given = networking ? member(*networking, "EndpointsConfig") : nullptr;
  if (given && given->is_object()) {
    for (const auto& pair : given->get_object())
      out.push_back({std::string(pair.key()), canonical_endpoint(pair.value())});
    std::sort(out.begin(), out.end(), [&](const Endpoint& a, const Endpoint& b) {
      return std::pair(a.network != primary, a.network) <
             std::pair(b.network != primary, b.network);
    });
  }
  for (const auto& [network, config] : recorded.connects)
    out.push_back({network, canonical_endpoint(config)});
  return out;
}

std::vector<Dependency> dependencies_of(const Json& resolved, const std::string& service) {
  std::vector<Dependency> out;
  const Json* services = member(resolved, "services");
  const Json* own = services ? member(*services, service) : nullptr;
  const Json* list = own ? member(*own, "depends_on") : nullptr;
  if (list && list->is_object())
    for (const auto& pair : list->get_object())
      out.push_back({std::string(pair.key()), text_at(pair.value(), "condition", "service_started"),
                     truth_at(pair.value(), "restart"), truth_at(pair.value(), "required", true)});
  std::sort(out.begin(), out.end(),
            [](const auto& a, const auto& b) { return a.service < b.service; });
  return out;
}

/// Recorded ones first, under the key that their label says, then the external ones.
template <class T>
std::vector<T> places(const std::vector<std::pair<std::string, Json>>& recorded,
                      const Json& resolved, const char* section, const char* key_label) {
  std::vector<T> out;
  for (const auto& [name, body] : recorded)
    out.push_back({label(body, key_label), name, body, false});
  const Json* all = member(resolved, section);
  if (all && all->is_object())
    for (const auto& pair : all->get_object())
      if (truth_at(pair.value(), "external"))
        out.push_back({std::string(pair.key()),
                       text_at(pair.value(), "name", std::string(pair.key())), JsonObject{}, true});
  std::sort(out.begin(), out.end(), [](const T& a, const T& b) { return a.name < b.name; });
  return out;
}

}  // namespace

Container canonical_container(const RecordedContainer& request,
                              const std::vector<RecordedContainer>& all, const Json& resolved) {
  Ids ids;
  for (const auto& other : all)
    ids[other.id] = fmt::format("@service:{}:{}", label(other.body, "com.docker.compose.service"),
                                number_of(other));
  // Named first: lists are sorted by what they say, not by ids.
  RecordedContainer recorded = request;
  name_ids(recorded.body, ids);
  for (auto& [network, config] : recorded.connects) name_ids(config, ids);
  Container out;
  out.service = label(recorded.body, "com.docker.compose.service");
  out.number = number_of(recorded);
  out.name = recorded.name;
  out.platform = recorded.platform;
  out.files = recorded.archived;
  std::ranges::sort(out.files, {}, &ArchivedFile::path);
  out.endpoints = endpoints_of(recorded);
  out.depends_on = dependencies_of(resolved, out.service);
  out.config = std::move(recorded.body);
  auto& config = out.config.as_object();
  config.erase("NetworkingConfig");
  canonical_labels(config);
  sort_array(config, "Env");
  if (auto* host = config.if_contains("HostConfig"); host && host->is_object())
    for (const char* list :
         {"Binds", "Mounts", "Ulimits", "CapAdd", "CapDrop", "SecurityOpt", "Links", "ExtraHosts",
          "GroupAdd", "Devices", "DeviceCgroupRules", "VolumesFrom"})
      sort_array(host->get_object(), list);
  return out;
}

std::vector<Container> in_order(std::vector<Container> containers) {
  std::sort(containers.begin(), containers.end(), [](const auto& a, const auto& b) {
    return std::pair(a.service, a.number) < std::pair(b.service, b.number);
  });
  std::set<std::string> waiting;
  for (const auto& c : containers) waiting.insert(c.service);
  std::vector<Container> out;
  while (!containers.empty()) {
    const auto ready = [&](const Container& c) {
      return std::none_of(c.depends_on.begin(), c.depends_on.end(), [&](const auto& d) {
        return d.service != c.service && waiting.contains(d.service);
      });
    };
    auto next = std::find_if(containers.begin(), containers.end(), ready);
    if (next == containers.end()) next = containers.begin();  // Compose refuses cycles before this
    const std::string service = next->service;
    out.push_back(std::move(*next));
    containers.erase(next);
    if (std::none_of(containers.begin(), containers.end(),
                     [&](const auto& c) { return c.service == service; }))
      waiting.erase(service);
  }
  return out;
}

std::vector<Network> canonical_networks(const EmptyEngine& engine, const Json& resolved) {
  return places<Network>(engine.networks(), resolved, "networks", "com.docker.compose.network");
}

std::vector<Volume> canonical_volumes(const EmptyEngine& engine, const Json& resolved) {
  return places<Volume>(engine.volumes(), resolved, "volumes", "com.docker.compose.volume");
}

std::int64_t replicas_of(const Json& service) {
  return number_at(member_or_null(service, "deploy"), "replicas", number_at(service, "scale", 1));
}

std::set<std::string> awaited_jobs(const Json& resolved) {
  std::set<std::string> out;
  const Json* services = member(resolved, "services");
  if (services && services->is_object())
    for (const auto& pair : services->get_object())
      for (const auto& dependency : dependencies_of(resolved, std::string(pair.key())))
        if (dependency.condition == "service_completed_successfully")
          out.insert(dependency.service);
  return out;
}

}  // namespace reconciler::docker
