#include "tests/simulation/containers/people.hpp"

#include <algorithm>

#include "plugins/docker/services/names.hpp"
#include "tests/simulation/containers/stack.hpp"

namespace reconciler::simulation {
namespace {

/// One call that nobody hears of.
void ask(Machine& machine, const std::string& method, const std::string& path, const Json& body) {
  (void)machine.engine().call(method, path, &body, Deadline(machine.engine().clock(), stable));
}

/// As Compose sends it: no label of ours, the image by its name.
Json body_of(const docker::Container& wanted) {
  Json body = wanted.config;
  JsonObject endpoints;
  for (const auto& endpoint : wanted.endpoints) endpoints[endpoint.network] = endpoint.config;
  body.as_object()["NetworkingConfig"] = JsonObject{{"EndpointsConfig", std::move(endpoints)}};
  return body;
}

/// Anonymous volumes go on, as Compose has it.
void carry(const SimulatedContainer& from, Json& body) {
  Json& host = body.as_object()["HostConfig"];
  if (Json* mounts = host.as_object().if_contains("Mounts"))
    for (Json& mount : mounts->as_array())
      if (const auto found = from.anonymous.find(text_at(mount, "Target"));
          found != from.anonymous.end())
        mount.as_object()["Source"] = found->second;
}

void up(Machine& machine, const docker::Container& wanted) {
  auto& engine = machine.engine();
  Json body = body_of(wanted);
  std::vector<std::string> others;
  const SimulatedContainer* right = nullptr;
  for (const auto& [id, one] : engine.containers) {
    if (label_of(one, docker::label::project) != "a" ||
        label_of(one, docker::label::service) != wanted.service ||
        label_of(one, docker::label::oneoff) == "True")
      continue;
    if (one.name == wanted.name &&
        label_of(one, docker::label::config_hash) ==
            text_at(member_or_null(wanted.config, "Labels"), docker::label::config_hash))
      right = &one;
    else
      others.push_back(id);
    if (!one.anonymous.empty()) carry(one, body);
  }
  for (const auto& id : others) remove(machine, id);
  if (!right) ask(machine, "POST", "/containers/create?name=" + wanted.name, body);
  if (auto* there = engine.named(wanted.name))
    ask(machine, "POST",
        "/containers/" + there->id + (there->state == "paused" ? "/unpause" : "/start"), {});
}

void make_of_version_1(docker::CompiledModel& model) {
  for (auto& one : model.containers) {
    if (auto name = docker::name_of_version_1(one); !name.empty()) one.name = std::move(name);
    one.config.as_object()["Labels"].as_object()["com.docker.compose.version"] = "1.29.2";
  }
}

}  // namespace

bool compose_up(Machine& machine, const std::string& tag, const InstallationKey& key,
                bool of_version_1) {
  auto& engine = machine.engine();
  if (engine.dead() || !machine.build(tag)) return false;
  auto model = stack_of(tag, key);
  if (of_version_1) make_of_version_1(model);
  const auto make = [&](const std::string& kind, const auto& all, const auto& there) {
    for (const auto& one : all) {
      if (there.contains(one.name)) continue;
      Json body = one.config;
      body.as_object()["Name"] = one.name;
      ask(machine, "POST", "/" + kind + "/create", body);
    }
  };
  make("networks", model.networks, engine.networks);
  make("volumes", model.volumes, engine.volumes);
  for (const auto& wanted : model.containers) up(machine, wanted);
  machine.tick();
  return true;
}

void rename(Machine& machine, SimulatedContainer& container, const std::string& name) {
  if (!machine.engine().named(name)) container.name = name;
}

void remove(Machine& machine, const std::string& id) {
  machine.engine().containers.erase(id);
}

bool prune_images(Machine& machine) {
  auto& engine = machine.engine();
  return std::erase_if(engine.images, [&](const SimulatedImage& image) {
           const bool is_built = std::ranges::any_of(
               image.tags, [](const std::string& tag) { return tag.starts_with("web:"); });
           return is_built && std::ranges::none_of(engine.containers, [&](const auto& one) {
                    return one.second.image_id == image.id;
                  });
         }) > 0;
}

}  // namespace reconciler::simulation
