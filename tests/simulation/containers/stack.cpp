#include "tests/simulation/containers/stack.hpp"

#include <fmt/format.h>

#include "plugins/docker/services/names.hpp"
#include "tests/simulation/story.hpp"

namespace reconciler::simulation {
namespace {

using docker::CompiledModel;
using docker::Container;

constexpr std::string_view key_prefix = "stack-";

Json labels_of(const std::string& service, const std::string& name, bool oneoff) {
  return JsonObject{{docker::label::project, "a"},
                    {docker::label::service, service},
                    {docker::label::number, "1"},
                    {docker::label::oneoff, oneoff ? "True" : "False"},
                    {docker::label::config_hash, "of " + name}};
}

Json health_check() {
  return JsonObject{{"Test", JsonArray{Json("CMD"), Json("ask")}}};
}

Container container_of(const std::string& service, const std::string& image,
                       const std::string& restart, const std::string& setting) {
  Container one;
  one.service = service;
  one.config = JsonObject{
      {"Image", image},
      {"Env", JsonArray{Json("SETTING=" + setting)}},
      {"Labels", labels_of(service, service + " with " + setting, false)},
      {"HostConfig",
       JsonObject{{"RestartPolicy", JsonObject{{"Name", restart}}}, {"NetworkMode", "a_default"}}}};
  one.endpoints = {{"a_default", JsonObject{{"Aliases", JsonArray{Json(service)}}}}};
  return one;
}

JsonObject& host_of(Container& container) {
  return container.config.as_object()["HostConfig"].as_object();
}

Container database(const std::string& setting) {
  Container db = container_of("db", "db:1", "unless-stopped", setting);
  db.config.as_object()["Healthcheck"] = health_check();
  host_of(db)["Mounts"] =
      JsonArray{Json(JsonObject{{"Type", "volume"}, {"Source", "a_data"}, {"Target", "/data"}}),
                Json(JsonObject{{"Type", "volume"}, {"Target", "/anonymous"}})};
  return db;
}

Container site(const std::string& tag) {
  Container web = container_of("web", stack_image(tag), "always", tag);
  web.config.as_object()["Healthcheck"] = health_check();
  web.config.as_object()["Env"].as_array().emplace_back(fmt::format("PASSWORD={}", canary));
  host_of(web)["PortBindings"] =
      JsonObject{{"80/tcp", JsonArray{Json(JsonObject{{"HostIp", ""}, {"HostPort", "8080"}})}}};
  web.depends_on = {{"db", "service_healthy", false, true}};
  return web;
}

Container worker(const std::string& tag) {
  Container one = container_of("worker", stack_image(tag), "unless-stopped", tag);
  one.depends_on = {{"web", "service_started", false, true}};
  return one;
}

Container migration(const std::string& tag) {
  Container one = container_of("migrate", stack_image(tag), "no", tag);
  one.config.as_object()["Labels"] = labels_of("migrate", "migrate with " + tag, true);
  one.depends_on = {{"db", "service_healthy", false, true}};
  return one;
}

Json hook(const std::string& word) {
  return JsonObject{{"Cmd", JsonArray{Json(word)}}};
}

docker::Network network(const std::string& key) {
  return {key, "a_" + key,
          JsonObject{{"Labels", JsonObject{{docker::label::project, "a"},
                                           {"com.docker.compose.network", key}}}},
          false};
}

docker::Image image_of(const std::string& reference, std::vector<std::string> services) {
  docker::Image one{.reference = reference,
                    .services = std::move(services),
                    .build_service = "",
                    .inputs = "",
                    .pull_policy = "",
                    .platform = ""};
  return one;
}

/// What some versions have that the others have not.
void add_own(const std::string& tag, const InstallationKey& key, CompiledModel& model) {
  Container& web = model.containers[1];
  if (tag == "v1") {
    web.post_start = {hook("warm up")};
    web.pre_stop = {hook("say farewell")};
    web.config.as_object()["Labels"].as_object()[docker::hooks_label] =
        docker::digest_of_hooks(web, key);
  }
  if (tag == "v2") {
    web.endpoints.push_back({"a_back", JsonObject{}});
    model.networks.push_back(network("back"));
  }
}

}  // namespace

std::string stack_image(const std::string& tag) {
  return "web:" + tag;
}

std::string stack_name(const std::string& service, const std::string& tag) {
  return service == "worker" && tag == "v4" ? "the-worker" : "a-" + service + "-1";
}

std::string version_of(const Json& body) {
  const Json& labels = member_or_null(body, "Labels");
  if (text_at(labels, docker::label::project) != "a") return "";
  const auto setting = texts_at(body, "Env").front();
  return setting.substr(setting.find('=') + 1);
}

Json stack_sections() {
  return JsonObject{
      {"release", JsonArray{Json(JsonObject{{"name", "release"}, {"run", "migrate"}})}}};
}

CompiledModel stack_of(const std::string& tag, const InstallationKey& key) {
  CompiledModel model;
  model.key = std::string(key_prefix) + tag;
  model.project = "a";
  model.commit = "of the stack";
  model.containers = {database(tag == "v3" ? "other" : "same"), site(tag), worker(tag)};
  model.tasks = {{"migrate", migration(tag)}};
  model.networks = {network("default")};
  model.volumes = {{"data", "a_data",
                    JsonObject{{"Labels", JsonObject{{docker::label::project, "a"},
                                                     {"com.docker.compose.volume", "data"}}}},
                    false}};
  model.images = {image_of("db:1", {"db"}),
                  image_of(stack_image(tag), {"web", "worker", "migrate"})};
  model.images[1].build_service = "web";
  model.images[1].inputs = "inputs of " + tag;
  model.resolved = JsonObject{
      {"services",
       JsonObject{{"db", JsonObject{}}, {"web", JsonObject{}}, {"worker", JsonObject{}}}}};
  model.patience = Duration(1500);
  for (auto& one : model.containers) one.name = stack_name(one.service, tag);
  add_own(tag, key, model);
  for (auto& one : model.containers) one.fingerprint = docker::fingerprint_of(one, key);
  for (auto& [name, one] : model.tasks) one.fingerprint = docker::fingerprint_of(one, key);
  return model;
}

Result<CompiledModel> StackCompiler::compile(const docker::CompileInput& input, const Variables&,
                                             Deadline, std::stop_token) {
  return stack_of(input.tag, key_);
}

Result<docker::SharedModel> StackCompiler::compile_unless(const docker::KnownModels& known,
                                                          const docker::CompileInput& input,
                                                          const Variables&, Deadline) {
  if (auto model = known(std::string(key_prefix) + input.tag)) return model;
  return std::make_shared<const CompiledModel>(stack_of(input.tag, key_));
}

Result<CompiledModel> StackCompiler::load(const std::string&, const std::string& key) {
  if (!key.starts_with(key_prefix))
    return failure(error("cache.missing", "there is no model " + key));
  return stack_of(key.substr(key_prefix.size()), key_);
}

Result<std::string> StackCompiler::config_hash(const CompiledModel&, const Container& container,
                                               const std::map<std::string, std::string>&, Deadline,
                                               std::stop_token) {
  return container.service;
}

}  // namespace reconciler::simulation
