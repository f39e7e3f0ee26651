#include "plugins/docker/compose/empty_engine.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

constexpr size_t most_requests = 20'000;
constexpr size_t most_made = 500;                    // of containers, networks and volumes each
constexpr size_t most_archived = size_t{64} << 20U;  // bytes of all archives

/// Ids that are the same at each compile of the same model (ENGINE rule 7).
std::string fake_id(std::string_view kind, const std::string& name) {
  return sha256(std::string(kind) + ":" + name);
}

Reply not_found(const std::string& what) {
  return {404, JsonObject{{"message", "no such " + what}}};
}

/// The values of a filter: `{"label": ["a=b"]}` or `{"label": {"a=b": true}}`.
std::vector<std::string> filter(const RecordedRequest& request, std::string_view name) {
  const auto found = request.query.find("filters");
  if (found == request.query.end()) return {};
  const auto filters = parse_json(found->second);
  const Json* values = filters ? member(*filters, name) : nullptr;
  if (!values) return {};
  if (values->is_array()) return texts_at(*filters, name);
  std::vector<std::string> out;
  if (const auto* object = values->if_object())
    for (const auto& pair : *object)
      if (pair.value().is_bool() && pair.value().get_bool()) out.emplace_back(pair.key());
  return out;
}

bool has_labels(const Json& body, const std::vector<std::string>& wanted) {
  const Json* labels = member(body, "Labels");
  return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& one) {
    const size_t equals = one.find('=');
    const std::string name = one.substr(0, equals);
    if (!labels || !member(*labels, name)) return false;
    return equals == std::string::npos || text_at(*labels, name) == one.substr(equals + 1);
  });
}

Json or_empty(const Json& body, std::string_view name) {
  const Json* found = member(body, name);
  return found && !found->is_null() ? *found : Json(JsonObject{});
}

Json inspect(const RecordedContainer& c) {
  return JsonObject{{"Id", c.id},
                    {"Name", "/" + c.name},
                    {"Image", ""},
                    {"Created", "2024-01-01T00:00:00Z"},
                    {"State", JsonObject{{"Status", c.started ? "running" : "created"},
                                         {"Running", c.started},
                                         {"Pid", c.started ? 1 : 0},
                                         {"ExitCode", 0}}},
                    {"Config", JsonObject{{"Labels", or_empty(c.body, "Labels")},
                                          {"Image", text_at(c.body, "Image")}}},
                    {"HostConfig", or_empty(c.body, "HostConfig")},
                    {"NetworkSettings", JsonObject{{"Networks", JsonObject{}}}},
                    {"Mounts", JsonArray{}}};
}

Json listed(const RecordedContainer& c) {
  return JsonObject{{"Id", c.id},
                    {"Names", JsonArray{Json("/" + c.name)}},
                    {"Image", text_at(c.body, "Image")},
                    {"ImageID", ""},
                    {"Labels", or_empty(c.body, "Labels")},
                    {"State", c.started ? "running" : "created"},
                    {"Status", ""},
                    {"Mounts", JsonArray{}},
                    {"HostConfig", JsonObject{}},
                    {"NetworkSettings", JsonObject{{"Networks", JsonObject{}}}}};
}

Json image(const std::string& name) {
  return JsonObject{
      {"Id", "sha256:" + fake_id("image", name)},
      {"RepoTags", JsonArray{Json(name)}},
      {"RepoDigests", JsonArray{}},
      {"Os", "linux"},
      {"Architecture", "amd64"},
      {"Created", "2024-01-01T00:00:00Z"},
      {"RootFS", JsonObject{{"Type", "layers"}, {"Layers", JsonArray{}}}},
      {"Config", JsonObject{{"Labels", JsonObject{}}, {"Env", JsonArray{}}, {"Volumes", nullptr}}}};
}

Json network_answer(const std::string& name, const Json& body) {
  JsonObject out = body.is_object() ? body.get_object() : JsonObject{};
  out["Id"] = fake_id("network", name);
  out["Name"] = name;
  out["Scope"] = "local";
  return out;
}

Json volume_answer(const std::string& name, const Json& body) {
  return JsonObject{{"Name", name},
                    {"Driver", text_at(body, "Driver", "local")},
                    {"Labels", or_empty(body, "Labels")},
                    {"Options", or_empty(body, "DriverOpts")},
                    {"Scope", "local"},
                    {"Mountpoint", "/x"},
                    {"CreatedAt", "2024-01-01T00:00:00Z"}};
}

}  // namespace

EmptyEngine::EmptyEngine(Engine& real, std::string api_version, std::set<std::string> networks,
                         std::set<std::string> volumes, Deadline deadline,
                         std::map<std::string, std::string> ids)
    : real_(real),
      api_version_(std::move(api_version)),
      external_networks_(std::move(networks)),
      external_volumes_(std::move(volumes)),
      deadline_(deadline),
      ids_(std::move(ids)) {}

Reply EmptyEngine::refuse(const RecordedRequest& request) {
  if (!refused_) refused_ = request.method + " " + printable(request.path, 200);
  return {501,
          JsonObject{{"message", "this Engine only writes down, and does not know this request"}}};
}

Reply EmptyEngine::forward(const std::string& path) {
  if (const auto known = forwarded_.find(path); known != forwarded_.end()) return known->second;
  auto answer = real_.call("GET", path, nullptr, deadline_);
  Reply reply{500, JsonObject{{"message", "the Engine does not answer"}}};
  if (answer) reply = {answer->status, std::move(answer->body)};
  if (answer && reply.body.is_null()) reply.body = JsonObject{{"message", answer->text}};
  return forwarded_[path] = reply;
}

Reply EmptyEngine::answer(const RecordedRequest& request) {
  if (++requests_ > most_requests || containers_.size() > most_made ||
      networks_.size() > most_made || volumes_.size() > most_made)
    return refuse({"more", "than a stack may ask for", {}, {}, {}});
  std::vector<std::string> parts = split(request.path, '/');
  parts.erase(parts.begin());
  if (parts.empty()) return refuse(request);
  const bool get = request.method == "GET";
  if ((get || request.method == "HEAD") && request.path == "/_ping") return {};
  if (get && (request.path == "/info" || request.path == "/version")) return forward(request.path);
  if (parts[0] == "containers") return containers(request, parts);
  if (parts[0] == "networks") return networks(request, parts);
  if (parts[0] == "volumes") return volumes(request, parts);
  if (get && parts[0] == "images" && parts.size() > 2 && parts.back() == "json")
    return {200, image(join({parts.begin() + 1, parts.end() - 1}, "/"))};
  return refuse(request);
}

RecordedContainer* EmptyEngine::container(const std::string& id_or_name) {
  const auto found = std::find_if(containers_.begin(), containers_.end(), [&](const auto& c) {
    return c.id == id_or_name || c.name == id_or_name;
  });
  return found == containers_.end() ? nullptr : &*found;
}

const std::pair<std::string, Json>* EmptyEngine::network(const std::string& id_or_name) const {
  const auto found = std::find_if(networks_.begin(), networks_.end(), [&](const auto& n) {
    return n.first == id_or_name || fake_id("network", n.first) == id_or_name;
  });
  return found == networks_.end() ? nullptr : &*found;
}

Reply EmptyEngine::containers(const RecordedRequest& request,
                              const std::vector<std::string>& parts) {
  const bool get = request.method == "GET";
  const bool post = request.method == "POST";
  if (get && request.path == "/containers/json") {
    const auto wanted = filter(request, "label");
    JsonArray out;
    for (const auto& c : containers_)
      if (has_labels(c.body, wanted)) out.push_back(listed(c));
    return {200, std::move(out)};
  }
  if (post && request.path == "/containers/create") return create_container(request);
  if (parts.size() != 3) return refuse(request);
  RecordedContainer* c = container(parts[1]);
  if (request.method == "PUT" && parts[2] == "archive" && c) return archive(request, *c);
  if (get && parts[2] == "json") return c ? Reply{200, inspect(*c)} : not_found("container");
  if (post && parts[2] == "start" && c) {
    c->started = true;
    return {204, {}};
  }
  return refuse(request);
}

Reply EmptyEngine::create_container(const RecordedRequest& request) {
  const auto name = request.query.find("name");
  for (const auto& [key, value] : request.query)  // in no field of the body, so it would be lost
    if (key != "name" && key != "platform")
      return refuse({request.method, request.path + "?" + key, {}, {}, {}});
  if (name == request.query.end() || !request.body.is_object()) return refuse(request);
  if (container(name->second)) {
    conflict_ = name->second;
    return {409, JsonObject{{"message", "the name " + name->second + " is in use"}}};
  }
  RecordedContainer made;
  const auto known = ids_.find(name->second);
  made.id = known == ids_.end() ? fake_id("container", name->second) : known->second;
  made.name = name->second;
  made.body = request.body;
  if (const auto platform = request.query.find("platform"); platform != request.query.end())
    made.platform = platform->second;
  containers_.push_back(std::move(made));
  return {201, JsonObject{{"Id", containers_.back().id}, {"Warnings", JsonArray{}}}};
}

Reply EmptyEngine::archive(const RecordedRequest& request, RecordedContainer& container) {
  auto files = read_tar(request.bytes);
  archived_ += request.bytes.size();
  if (!files || archived_ > most_archived) return refuse(request);
  const auto at = request.query.find("path");
  for (auto& file : *files) {
    if (at != request.query.end() && !file.path.starts_with('/'))
      file.path = clean_path(at->second + "/" + file.path);
    file.to_user = request.query.contains("copyUIDGID");
    container.archived.push_back(std::move(file));
  }
  return {200, {}};
}

Reply EmptyEngine::connect(const RecordedRequest& request, const std::string& id_or_name) {
  RecordedContainer* c = container(text_at(request.body, "Container"));
  if (!c) return not_found("container");
  const auto* made = network(id_or_name);
  c->connects.emplace_back(made ? made->first : id_or_name,
                           or_empty(request.body, "EndpointConfig"));
  return {200, {}};
}

Reply EmptyEngine::networks(const RecordedRequest& request, const std::vector<std::string>& parts) {
  const bool get = request.method == "GET";
  const bool post = request.method == "POST";
  if (get && parts.size() == 1) {
    const auto wanted = filter(request, "name");
    const auto labels = filter(request, "label");
    const bool external = std::any_of(wanted.begin(), wanted.end(), [&](const auto& n) {
      return external_networks_.contains(n);
    });
    if (external) {
      auto found = forward("/networks?filters=" + url_encode(request.query.at("filters")));
      const bool none = found.body.is_array() && found.body.get_array().empty();
      if (found.status == 200 && !none) return found;
    }
    JsonArray out;
    for (const auto& name : wanted)
      if (external_networks_.contains(name)) out.push_back(network_answer(name, JsonObject{}));
    for (const auto& [name, body] : networks_)
      if ((wanted.empty() || std::find(wanted.begin(), wanted.end(), name) != wanted.end()) &&
          has_labels(body, labels))
        out.push_back(network_answer(name, body));
    return {200, std::move(out)};
  }
  if (get && parts.size() == 2) {
    if (const auto* made = network(parts[1]))
      return {200, network_answer(made->first, made->second)};
    if (!external_networks_.contains(parts[1])) return not_found("network");
    auto found = forward("/networks/" + url_encode(parts[1]));
    return found.status == 404 ? Reply{200, network_answer(parts[1], JsonObject{})} : found;
  }
  if (post && request.path == "/networks/create") {
    const std::string name = text_at(request.body, "Name");
    networks_.emplace_back(name, request.body);
    return {201, JsonObject{{"Id", fake_id("network", name)}, {"Warning", ""}}};
  }
  if (post && parts.size() == 3 && parts[2] == "connect") return connect(request, parts[1]);
  return refuse(request);
}

Reply EmptyEngine::volumes(const RecordedRequest& request, const std::vector<std::string>& parts) {
  const bool get = request.method == "GET";
  if (get && parts.size() == 1) {
    const auto labels = filter(request, "label");
    JsonArray out;
    for (const auto& [name, body] : volumes_)
      if (has_labels(body, labels)) out.push_back(volume_answer(name, body));
    return {200, JsonObject{{"Volumes", std::move(out)}, {"Warnings", nullptr}}};
  }
  if (get && parts.size() == 2) {
    for (const auto& [name, body] : volumes_)
      if (name == parts[1]) return {200, volume_answer(name, body)};
    if (!external_volumes_.contains(parts[1])) return not_found("volume");
    auto found = forward("/volumes/" + url_encode(parts[1]));
    return found.status == 404 ? Reply{200, volume_answer(parts[1], JsonObject{})} : found;
  }
  if (request.method == "POST" && request.path == "/volumes/create") {
    const std::string name = text_at(request.body, "Name");
    volumes_.emplace_back(name, request.body);
    return {201, volume_answer(name, request.body)};
  }
  return refuse(request);
}

}  // namespace reconciler::docker
