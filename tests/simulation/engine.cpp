#include "tests/simulation/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/text.hpp"
#include "tests/simulation/answers.hpp"
#include "tests/simulation/inspect.hpp"

namespace reconciler::simulation {
namespace {

using docker::Answer;

std::string decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string query_value(const std::string& query, const std::string& key) {
  for (const auto& pair : split(query, '&'))
    if (pair.starts_with(key + "=")) return decode(pair.substr(key.size() + 1));
  return "";
}

/// `key=value` or `key`, all of them.
bool labels_match(const Json& labels, const std::string& query) {
  const auto filters = parse_json(query_value(query, "filters"));
  if (!filters) return true;
  for (const auto& wanted : texts_at(*filters, "label")) {
    const auto equals = wanted.find('=');
    const auto key = wanted.substr(0, equals);
    if (!member(labels, key)) return false;
    if (equals != std::string::npos && text_at(labels, key) != wanted.substr(equals + 1))
      return false;
  }
  return true;
}

bool on_network(const SimulatedContainer& container, const std::string& query) {
  const auto filters = parse_json(query_value(query, "filters"));
  if (!filters) return true;
  return std::ranges::all_of(texts_at(*filters, "network"), [&](const std::string& name) {
    return container.networks.contains(name);
  });
}

/// It has a process, frozen or not, or will have one again in a moment.
bool is_up(const std::string& state) {
  return state == "running" || state == "paused" || state == "restarting";
}

/// Without swap accounting every limited container has -1, whatever was asked for.
void drop(Json& host, const std::set<std::string>& fields) {
  const bool limited = number_at(host, "Memory") > 0;
  if (!host.is_object()) return;
  for (const auto& field : fields) {
    if (field != "MemorySwap")
      host.as_object()[field] = nullptr;
    else if (limited)
      host.as_object()[field] = -1;
  }
}

}  // namespace

std::string SimulatedEngine::fresh_id() {
  return sha256("id " + std::to_string(++serial_));
}

SimulatedContainer* SimulatedEngine::named(const std::string& name) {
  return find(name);
}

std::vector<std::string> SimulatedEngine::names() const {
  std::vector<std::string> all;
  for (const auto& [id, container] : containers)
    all.push_back(container.name + ":" + container.state);
  std::ranges::sort(all);
  return all;
}

const SimulatedContainer* SimulatedEngine::find(const std::string& reference) const {
  for (const auto& [id, container] : containers)
    if (id == reference || container.name == reference) return &container;
  return nullptr;
}

SimulatedContainer* SimulatedEngine::find(const std::string& reference) {
  const auto* found = std::as_const(*this).find(reference);
  return found ? &containers.at(found->id) : nullptr;
}

const SimulatedImage* SimulatedEngine::image(const std::string& reference) const {
  for (const auto& one : images)
    if (one.id == reference || std::ranges::find(one.tags, reference) != one.tags.end())
      return &one;
  return nullptr;
}

void SimulatedEngine::die_at(size_t n, bool after) {
  dies_at_ = n;
  dies_after_ = after;
}

void SimulatedEngine::revive() {
  dead_ = false;
  dies_at_.reset();
}

Result<Answer> SimulatedEngine::mortal(bool is_change, const std::function<Answer()>& work) {
  const auto gone = [] {
    return failure(error("docker.unreachable", "the simulated Engine is dead").passing());
  };
  if (dead_) return gone();
  const bool last = is_change && dies_at_ && (*dies_at_)-- == 0;
  if (last) dead_ = true;
  if (last && !dies_after_) return gone();
  auto said = work();
  if (last) return gone();
  return said;
}

Result<Answer> SimulatedEngine::call(const std::string& method, const std::string& path,
                                     const Json* body, Deadline, std::stop_token) {
  const bool is_change = method != "GET" && path.find("/wait") == std::string::npos;
  return mortal(is_change, [&] { return answer(method, path, body); });
}

Result<Answer> SimulatedEngine::put_archive(const std::string& path, const std::string& tar,
                                            Deadline) {
  return mortal(true, [&]() -> Answer {
    SimulatedContainer* container = find(split(path, '/').at(2));
    auto files = docker::read_tar(tar);
    if (!container || !files) return {404, JsonObject{{"message", "no such container"}}, ""};
    changes.push_back("PUT /containers/archive " + container->name);
    for (auto& file : *files) {
      std::erase_if(container->files, [&](const auto& one) { return one.path == file.path; });
      container->files.push_back(std::move(file));
    }
    return {200, {}, ""};
  });
}

Answer SimulatedEngine::answer(const std::string& method, const std::string& path,
                               const Json* body) {
  const auto question = path.find('?');
  const std::string query = question == std::string::npos ? "" : path.substr(question + 1);
  std::vector<std::string> parts;
  for (const auto& part : split(path.substr(0, question), '/'))
    if (!part.empty()) parts.push_back(decode(part));
  if (method == "GET") {
    ++reads;
    return read(parts, query);
  }
  ++now;
  const auto text = grammar(method, parts, query, body);
  if (before) before(text);
  auto said = change(method, parts, query, body);
  if (said.status < 400) changes.push_back(text);
  return said;
}

std::string SimulatedEngine::grammar(const std::string& method,
                                     const std::vector<std::string>& parts,
                                     const std::string& query, const Json* body) const {
  const auto name_of = [this](const std::string& reference) {
    const auto* container = find(reference);
    return container ? container->name : reference;
  };
  if (method == "DELETE") return fmt::format("DELETE /{} {}", parts[0], name_of(parts[1]));
  if (parts.size() == 2) {
    const auto name =
        parts[0] == "containers" ? query_value(query, "name") : text_at(*body, "Name");
    return fmt::format("POST /{}/{} {}", parts[0], parts[1], name);
  }
  auto text = fmt::format("POST /{}/{} {}", parts[0], parts[2], name_of(parts[1]));
  if (parts[2] == "tag")
    text += fmt::format(" {}:{}", query_value(query, "repo"), query_value(query, "tag"));
  if (parts[2] == "rename") text += " " + query_value(query, "name");
  if (parts[2] == "connect") text += " " + name_of(text_at(*body, "Container"));
  return text;
}

Answer SimulatedEngine::read(const std::vector<std::string>& parts, const std::string& query) {
  const std::string& kind = parts[0];
  if (kind == "containers" && parts[1] == "json") {
    JsonArray list;
    for (const auto& [id, container] : containers)
      if ((is_up(container.state) || query_value(query, "all") == "1") &&
          labels_match(member_or_null(container.body, "Labels"), query) &&
          on_network(container, query))
        list.push_back(JsonObject{{"Id", id},
                                  {"Names", JsonArray{Json("/" + container.name)}},
                                  {"Image", text_at(container.body, "Image")},
                                  {"ImageID", container.image_id},
                                  {"Labels", member_or_null(container.body, "Labels")},
                                  {"Mounts", binds_of(container)},
                                  {"State", container.state}});
    return json(200, std::move(list));
  }
  if (kind == "containers") {
    const auto* container = find(parts[1]);
    if (!container) return refused(404, "No such container: " + parts[1]);
    const auto* from = image(container->image_id);
    return json(200, inspect(*container, from ? from->config : Json()));
  }
  if (kind == "images" && parts[1] == "json") {
    JsonArray list;
    for (const auto& one : images)
      list.push_back(JsonObject{{"Id", one.id},
                                {"RepoTags", reconciler::to_json(one.tags)},
                                {"Labels", member_or_null(one.config, "Labels")}});
    return json(200, std::move(list));
  }
  if (kind == "images") {
    const auto* found = image(parts[1]);
    return found ? json(200, JsonObject{{"Id", found->id},
                                        {"RepoTags", reconciler::to_json(found->tags)},
                                        {"Config", found->config}})
                 : refused(404, "No such image");
  }
  if (kind == "exec") return json(200, JsonObject{{"ExitCode", exec_exit_code}});
  const auto& things = kind == "networks" ? networks : volumes;
  if (parts.size() == 2) {
    const auto found = things.find(parts[1]);
    return found == things.end() ? refused(404, "no such " + kind) : json(200, found->second);
  }
  JsonArray list;
  for (const auto& [name, thing] : things)
    if (labels_match(member_or_null(thing, "Labels"), query)) list.push_back(thing);
  if (kind == "networks") return json(200, std::move(list));
  return json(200, JsonObject{{"Volumes", std::move(list)}});
}

Answer SimulatedEngine::change(const std::string& method, const std::vector<std::string>& parts,
                               const std::string& query, const Json* body) {
  const std::string& kind = parts[0];
  if (kind == "networks" || kind == "volumes") {
    if (parts.back() == "connect") return connect(parts[1], *body);
    if (method == "DELETE" && kind == "networks") return remove_network(parts[1]);
    return kind == "networks" ? make_network(*body) : make_volume(*body);
  }
  if (kind == "images") {
    const auto* found = image(parts[1]);
    if (!found) return refused(404, "No such image");
    if (method == "DELETE") return remove_image(parts[1]);
    const auto reference = query_value(query, "repo") + ":" + query_value(query, "tag");
    for (auto& one : images) {
      std::erase(one.tags, reference);
      if (&one == found) one.tags.push_back(reference);
    }
    return json(201, {});
  }
  if (parts.size() == 2 && parts[1] == "create") return create(query_value(query, "name"), *body);
  auto* container = find(parts[1]);
  if (!container) return refused(404, "No such container: " + parts[1]);
  if (method == "DELETE") {
    if (is_up(container->state))
      return refused(409, "You cannot remove a " + container->state + " container");
    if (query_value(query, "v") == "true")
      for (const auto& [target, volume] : container->anonymous) lost_volumes.insert(volume);
    containers.erase(std::string(container->id));
    return json(204, {});
  }
  return change_container(parts[2], *container, query, body);
}

Answer SimulatedEngine::change_container(const std::string& verb, SimulatedContainer& container,
                                         const std::string& query, const Json* body) {
  if (verb == "start") return start(container);
  if (verb == "stop") {
    if (!is_up(container.state)) return json(304, {});
    container.state = "exited";
    container.exit_code = exit_code_of_stopped;
    container.finished = now;
    return json(204, {});
  }
  if (verb == "unpause") {
    if (container.state != "paused") return refused(409, "Container is not paused");
    container.state = "running";
    return json(204, {});
  }
  if (verb == "rename") {
    const auto name = query_value(query, "name");
    if (find(name))
      return refused(409,
                     fmt::format("Conflict. The container name \"/{}\" is already in use", name));
    container.name = name;
    return json(204, {});
  }
  if (verb == "update" && container.state == "removing")
    return refused(500, "Cannot update container " + container.id +
                            ": container is marked for removal and cannot be \"update\"");
  if (verb == "update") {
    container.restart_policy = text_at(member_or_null(*body, "RestartPolicy"), "Name");
    return json(200, {});
  }
  if (verb == "exec") return make_exec(container, *body);
  return refused(501, "the simulated Engine knows no " + verb);
}

Answer SimulatedEngine::create(const std::string& name, const Json& body) {
  if (find(name))
    return refused(409,
                   fmt::format("Conflict. The container name \"/{}\" is already in use", name));
  const auto* found = image(text_at(body, "Image"));
  if (!found) return refused(404, "No such image: " + text_at(body, "Image"));
  SimulatedContainer container;
  container.id = fresh_id();
  container.name = name;
  container.body = body;
  container.recent = recent;
  if (Json* host = container.body.as_object().if_contains("HostConfig")) drop(*host, dropped);
  container.image_id = found->id;
  container.created = now;
  const Json host = member_or_null(body, "HostConfig");
  container.restart_policy = text_at(member_or_null(host, "RestartPolicy"), "Name");
  if (member(body, "Healthcheck")) container.health = "starting";
  const Json endpoints =
      member_or_null(member_or_null(body, "NetworkingConfig"), "EndpointsConfig");
  if (endpoints.is_object())
    for (const auto& [network, config] : endpoints.as_object()) {
      if (!networks.contains(std::string(network))) return refused(404, "network not found");
      container.networks[std::string(network)] = config;
      container.network_ids[std::string(network)] = text_at(networks[std::string(network)], "Id");
    }
  // Anonymous volumes: of the image, of `Volumes`, and of mounts without a source.
  std::map<std::string, std::string> given;
  const Json mounts = member_or_null(host, "Mounts");
  if (mounts.is_array())
    for (const Json& mount : mounts.as_array())
      if (text_at(mount, "Type") == "volume")
        given[text_at(mount, "Target")] = text_at(mount, "Source");
  for (const Json& declared :
       {member_or_null(found->config, "Volumes"), member_or_null(body, "Volumes")})
    if (declared.is_object())
      for (const auto& [target, nothing] : declared.as_object())
        given.try_emplace(std::string(target), "");
  for (auto& [target, volume] : given) {
    if (volume.empty()) volume = fresh_id();
    if (volume.size() == 64) container.anonymous[target] = volume;
  }
  const auto id = container.id;
  containers[id] = std::move(container);
  return json(201, JsonObject{{"Id", id}});
}

Answer SimulatedEngine::start(SimulatedContainer& container) {
  if (container.state == "running") return json(304, {});
  if (container.state == "paused")
    return refused(409, "cannot start a paused container, try unpause instead");
  if (container.state == "removing")
    return refused(409, "container is marked for removal and cannot be started");
  const auto ports = [](const SimulatedContainer& one) {
    std::vector<std::string> all;
    const Json bindings = member_or_null(member_or_null(one.body, "HostConfig"), "PortBindings");
    if (bindings.is_object())
      for (const auto& [port, list] : bindings.as_object())
        if (list.is_array())
          for (const Json& binding : list.as_array()) all.push_back(text_at(binding, "HostPort"));
    return all;
  };
  for (const auto& [id, other] : containers)
    for (const auto& port : ports(container))
      if (is_up(other.state) && !port.empty() && std::ranges::count(ports(other), port) > 0)
        return refused(
            500, "driver failed: Bind for 0.0.0.0:" + port + " failed: port is already allocated");
  // At its first start a network is found by its name, ever after by its id.
  for (auto& [network, id] : container.network_ids) {
    if (container.started == 0 && networks.contains(network)) id = text_at(networks[network], "Id");
    if (!networks.contains(network) || text_at(networks[network], "Id") != id)
      return refused(404, "network " + id + " not found");
  }
  const Json& host = member_or_null(container.body, "HostConfig");
  for (const std::string_view mode : {"NetworkMode", "PidMode", "IpcMode"})
    if (const auto lender = text_at(host, mode); lender.starts_with("container:")) {
      const auto* other = find(lender.substr(10));
      if (!other || other->state != "running")
        return refused(409, "cannot join a container that is not running: " + lender);
    }
  container.state = "running";
  container.started = now;
  if (!container.health.empty()) container.health = healthy ? "healthy" : "unhealthy";
  started(container);
  return json(204, {});
}

}  // namespace reconciler::simulation
