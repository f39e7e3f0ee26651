#include "plugins/docker/compose/model.hpp"

#include "reconciler/base/digest.hpp"

namespace reconciler::docker {
namespace {

/// The member itself: what is large is not copied.
Json take(Json& value, std::string_view name) {
  Json* found = value.is_object() ? value.get_object().if_contains(name) : nullptr;
  return found ? Json(std::move(*found)) : Json(JsonObject{});
}

JsonArray files_to_json(const std::vector<ArchivedFile>& files) {
  JsonArray out;
  for (const auto& file : files) out.push_back(to_json(file));
  return out;
}

Json array(const std::vector<Json>& values) {
  return JsonArray(values.begin(), values.end());
}

template <class T, class F>
std::vector<T> all_of(Json& value, std::string_view name, const F& make) {
  std::vector<T> out;
  Json* list = value.is_object() ? value.get_object().if_contains(name) : nullptr;
  if (list && list->is_array())
    for (auto& item : list->get_array()) out.push_back(make(item));
  return out;
}

template <class T>
JsonArray places_to_json(const std::vector<T>& places) {
  JsonArray out;
  for (const auto& p : places)
    out.push_back(JsonObject{
        {"key", p.key}, {"name", p.name}, {"config", p.config}, {"external", p.external}});
  return out;
}

template <class T>
std::vector<T> places_from(Json& value, std::string_view name) {
  return all_of<T>(value, name, [](Json& p) {
    return T{text_at(p, "key"), text_at(p, "name"), take(p, "config"), truth_at(p, "external")};
  });
}

}  // namespace

std::string digest_of_files(const std::vector<ArchivedFile>& files, const InstallationKey& key) {
  return keyed_digest(key.bytes, canonical(files_to_json(files)));
}

std::string digest_of_hooks(const Container& container, const InstallationKey& key) {
  return keyed_digest(key.bytes,
                      canonical(JsonArray{array(container.post_start), array(container.pre_stop)}));
}

std::string fingerprint_of(const Container& container, const InstallationKey& key) {
  JsonArray endpoints;
  for (const auto& endpoint : container.endpoints)
    endpoints.push_back(JsonArray{Json(endpoint.network), endpoint.config});
  return keyed_digest(key.bytes, canonical(JsonObject{{"name", container.name},
                                                      {"config", container.config},
                                                      {"endpoints", std::move(endpoints)},
                                                      {"job", container.job},
                                                      {"platform", container.platform},
                                                      {"files", files_to_json(container.files)},
                                                      {"post_start", array(container.post_start)},
                                                      {"pre_stop", array(container.pre_stop)}}));
}

Json to_json(const Container& c) {
  JsonArray endpoints;
  for (const auto& e : c.endpoints)
    endpoints.push_back(JsonObject{{"network", e.network}, {"config", e.config}});
  JsonArray dependencies;
  for (const auto& d : c.depends_on)
    dependencies.push_back(JsonObject{{"service", d.service},
                                      {"condition", d.condition},
                                      {"restart", d.restart},
                                      {"required", d.required}});
  return JsonObject{{"service", c.service},
                    {"number", c.number},
                    {"name", c.name},
                    {"config", c.config},
                    {"endpoints", std::move(endpoints)},
                    {"depends_on", std::move(dependencies)},
                    {"job", c.job},
                    {"platform", c.platform},
                    {"files", files_to_json(c.files)},
                    {"post_start", array(c.post_start)},
                    {"pre_stop", array(c.pre_stop)},
                    {"fingerprint", c.fingerprint}};
}

Container container_from_json(Json value) {
  const auto itself = [](Json& item) { return Json(std::move(item)); };
  return Container{
      .service = text_at(value, "service"),
      .number = static_cast<int>(number_at(value, "number", 1)),
      .name = text_at(value, "name"),
      .config = take(value, "config"),
      .endpoints = all_of<Endpoint>(value, "endpoints",
                                    [](Json& e) {
                                      return Endpoint{text_at(e, "network"), take(e, "config")};
                                    }),
      .depends_on = all_of<Dependency>(value, "depends_on",
                                       [](const Json& d) {
                                         return Dependency{
                                             text_at(d, "service"), text_at(d, "condition"),
                                             truth_at(d, "restart"), truth_at(d, "required", true)};
                                       }),
      .job = truth_at(value, "job"),
      .platform = text_at(value, "platform"),
      .files =
          all_of<ArchivedFile>(value, "files", [](const Json& f) { return archived_file_from(f); }),
      .post_start = all_of<Json>(value, "post_start", itself),
      .pre_stop = all_of<Json>(value, "pre_stop", itself),
      .fingerprint = text_at(value, "fingerprint")};
}

Json to_json(const CompiledModel& model) {
  JsonArray containers;
  for (const auto& c : model.containers) containers.push_back(to_json(c));
  JsonObject tasks;
  for (const auto& [name, task] : model.tasks) tasks[name] = to_json(task);
  JsonArray images;
  for (const auto& i : model.images)
    images.push_back(JsonObject{{"reference", i.reference},
                                {"services", reconciler::to_json(i.services)},
                                {"build_service", i.build_service},
                                {"inputs", i.inputs},
                                {"pull_policy", i.pull_policy},
                                {"platform", i.platform},
                                {"id", i.id}});
  return JsonObject{{"key", model.key},
                    {"project", model.project},
                    {"commit", model.commit},
                    {"containers", std::move(containers)},
                    {"tasks", std::move(tasks)},
                    {"networks", places_to_json(model.networks)},
                    {"volumes", places_to_json(model.volumes)},
                    {"images", std::move(images)},
                    {"resolved", model.resolved},
                    {"sources", reconciler::to_json(model.sources)},
                    {"data_folders", reconciler::to_json(model.data_folders)},
                    {"data_seeds", reconciler::to_json(model.data_seeds)},
                    {"patience_ms", model.patience.count()}};
}

Result<CompiledModel> compiled_model_from_json(Json value) {
  if (!member(value, "key") || !member(value, "containers") || !member(value, "resolved"))
    return failure(error("cache.broken", "what should be a compiled model is none"));
  std::map<std::string, Container> tasks;
  if (Json named = take(value, "tasks"); named.is_object())
    for (auto& pair : named.get_object())
      tasks.emplace(pair.key(), container_from_json(std::move(pair.value())));
  return CompiledModel{
      .key = text_at(value, "key"),
      .project = text_at(value, "project"),
      .commit = text_at(value, "commit"),
      .containers = all_of<Container>(value, "containers",
                                      [](Json& c) { return container_from_json(std::move(c)); }),
      .tasks = std::move(tasks),
      .networks = places_from<Network>(value, "networks"),
      .volumes = places_from<Volume>(value, "volumes"),
      .images = all_of<Image>(
          value, "images",
          [](const Json& i) {
            return Image{
                text_at(i, "reference"), texts_at(i, "services"),   text_at(i, "build_service"),
                text_at(i, "inputs"),    text_at(i, "pull_policy"), text_at(i, "platform"),
                text_at(i, "id")};
          }),
      .resolved = take(value, "resolved"),
      .sources = text_map_at(value, "sources"),
      .data_folders = texts_at(value, "data_folders"),
      .data_seeds = text_map_at(value, "data_seeds"),
      .patience = Duration(number_at(value, "patience_ms"))};
}

}  // namespace reconciler::docker
