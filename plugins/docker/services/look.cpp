#include "plugins/docker/services/look.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <thread>

#include "plugins/docker/services/names.hpp"
#include "plugins/docker/services/platform.hpp"

namespace reconciler::docker {
namespace {

constexpr int connections = 4;

/// Does `work` for 0..n-1 over a few threads; the first error ends it.
Status in_parallel(size_t n, const std::function<Status(size_t)>& work) {
  if (n < 3) {
    for (size_t i = 0; i < n; ++i)
      if (auto done = work(i); !done) return done;
    return {};
  }
  std::atomic<size_t> next{0};
  std::mutex mutex;
  Status outcome;
  {
    std::vector<std::jthread> threads;
    for (size_t t = 0; t < std::min<size_t>(connections, n); ++t)
      threads.emplace_back([&] {
        for (size_t i = next++; i < n; i = next++) {
          auto done = work(i);
          if (done) continue;
          const std::lock_guard lock(mutex);
          if (outcome) outcome = std::move(done);
          next = n;
        }
      });
  }
  return outcome;
}

std::string filter_by_label(const std::string& key, const std::string& value) {
  const JsonObject filter{{"label", JsonArray{Json(key + "=" + value)}}};
  return url_encode(canonical(filter));
}

Seen from_list(const Json& entry) {
  Seen seen;
  seen.id = text_at(entry, "Id");
  for (const auto& name : texts_at(entry, "Names"))  // links add names with a second slash
    if (name.find('/', 1) == std::string::npos)
      seen.name = name.substr(name.starts_with("/") ? 1 : 0);
  if (const Json* labels = member(entry, "Labels")) {
    seen.service = text_at(*labels, label::service);
    seen.number = std::atoi(text_at(*labels, label::number).c_str());
    seen.oneoff = text_at(*labels, label::oneoff) == "True";
  }
  return seen;
}

/// A container may go between the list and its inspect: then it is not there.
Status inspect_all(Engine& engine, std::vector<Seen>& containers, Deadline deadline) {
  auto done = in_parallel(containers.size(), [&](size_t i) -> Status {
    auto body = engine.get("/containers/" + containers[i].id + "/json", deadline);
    if (!body && body.error().code == "docker.not_found") return {};
    if (!body) return failed(body);
    containers[i].inspect = std::move(*body);
    return {};
  });
  std::erase_if(containers, [](const Seen& seen) { return seen.inspect.is_null(); });
  return done;
}

/// Files that were copied into containers whose labels do not tell: Compose's own have none, and
/// one that was never started may have been cut off before it got them.
Status read_copied_files(Engine& engine, const CompiledModel& model, Look& look,
                         Deadline deadline) {
  for (const auto& wanted : model.containers) {
    if (wanted.files.empty()) continue;
    for (auto& seen : look.containers) {
      if (seen.oneoff || seen.service != wanted.service || seen.number != wanted.number) continue;
      if (!seen.label(label::files).empty() && seen.state() != "created") continue;
      seen.copied.emplace();
      for (const auto& file : wanted.files) {
        const auto path = "/containers/" + seen.id + "/archive?path=" + url_encode(file.path);
        auto answer = engine.call("GET", path, nullptr, deadline);
        if (!answer) return failed(answer);
        if (answer->status == 404) continue;
        if (answer->status != 200) return failure(engine_error("GET", path, *answer));
        auto files = read_tar(answer->text);
        if (!files) return failed(files);
        for (auto& one : *files) {
          one.path = file.path;  // the archive has the last part alone
          seen.copied->push_back(std::move(one));
        }
      }
    }
  }
  return {};
}

Status read_images(Engine& engine, Look& look, Deadline deadline) {
  auto list = engine.get("/images/json", deadline);
  if (!list) return failed(list);
  if (!list->is_array())
    return failure(error("docker.protocol", "the Engine's list of images is no list"));
  for (const Json& entry : list->as_array()) {
    SeenImage image;
    image.id = text_at(entry, "Id");
    image.tags = texts_at(entry, "RepoTags");
    for (auto& digest : texts_at(entry, "RepoDigests")) image.tags.push_back(std::move(digest));
    if (const Json* labels = member(entry, "Labels"); labels && labels->is_object())
      image.labels = *labels;
    look.images.push_back(std::move(image));
  }
  return {};
}

/// The configurations that comparing needs: of wanted images, and of those that containers run.
Status read_image_configs(Engine& engine, ImageConfigs& known, const CompiledModel& model,
                          Look& look, Deadline deadline) {
  std::set<std::string> ids;
  for (const auto& image : model.images)
    if (const SeenImage* seen = look.image_by_reference(image.reference)) ids.insert(seen->id);
  for (const auto& container : look.containers) ids.insert(container.image_id());
  std::vector<std::string> missing;
  for (const auto& id : ids) {
    if (id.empty()) continue;
    // One that the list does not show may be gone, or hidden behind a child: asked each time.
    auto config = look.image_by_id(id) ? known.find(id) : std::nullopt;
    if (config)
      look.image_configs[id] = std::move(*config);
    else
      missing.push_back(id);
  }
  std::vector<Json> read(missing.size());
  auto done = in_parallel(missing.size(), [&](size_t i) -> Status {
    auto body = engine.get("/images/" + url_encode(missing[i]) + "/json", deadline);
    if (!body && body.error().code == "docker.not_found")
      return {};  // a container outlived its image
    if (!body) return failed(body);
    if (const Json* config = member(*body, "Config"))
      read[i] = JsonObject{{"Config", *config}, {"Platform", platform_of(*body)}};
    return {};
  });
  if (!done) return done;
  for (size_t i = 0; i < missing.size(); ++i) {
    if (!read[i].is_object()) continue;
    known.keep(missing[i], read[i]);
    look.image_configs[missing[i]] = std::move(read[i]);
  }
  return {};
}

/// The project's own by label, and what is wanted under a name that carries no label of ours.
Status read_things(Engine& engine, const std::string& kind, const std::string& project,
                   const std::vector<std::string>& wanted, std::map<std::string, SeenThing>& things,
                   Deadline deadline) {
  auto list = engine.get(
      "/" + kind + "?filters=" + filter_by_label(std::string(label::project), project), deadline);
  if (!list) return failed(list);
  const Json* entries = list->is_array() ? &*list : member(*list, "Volumes");
  if (entries && entries->is_array())
    for (const Json& entry : entries->as_array())
      things[text_at(entry, "Name")] = {text_at(entry, "Id"), entry};
  for (const auto& name : wanted) {
    if (things.contains(name)) continue;
    auto one = engine.get("/" + kind + "/" + url_encode(name), deadline);
    if (one && text_at(*one, "Name") == name)
      things[name] = {text_at(*one, "Id"), *one};
    else if (!one && one.error().code != "docker.not_found")
      return failed(one);
  }
  return {};
}

template <class T>
std::vector<std::string> names_of(const std::vector<T>& things) {
  std::vector<std::string> names;
  for (const auto& thing : things) names.push_back(thing.name);
  return names;
}

}  // namespace

std::string Seen::state() const {
  const Json* state = member(inspect, "State");
  return state ? text_at(*state, "Status") : "";
}

std::string Seen::image_id() const {
  return text_at(inspect, "Image");
}

std::string Seen::label(std::string_view key) const {
  const Json* config = member(inspect, "Config");
  const Json* labels = config ? member(*config, "Labels") : nullptr;
  return labels ? text_at(*labels, key) : "";
}

bool Seen::up() const {
  const auto now = state();
  return now == "running" || now == "restarting";
}

bool Seen::stopped() const {
  const auto now = state();
  return now == "created" || now == "exited" || now == "dead";
}

std::int64_t Seen::exit_code() const {
  const Json* state = member(inspect, "State");
  return state ? number_at(*state, "ExitCode") : 0;
}

const SeenImage* Look::image_by_reference(std::string_view reference) const {
  const auto wanted = familiar_reference(reference);
  for (const auto& image : images)
    if (std::find(image.tags.begin(), image.tags.end(), wanted) != image.tags.end()) return &image;
  return image_by_id(reference);
}

const SeenImage* Look::image_by_id(std::string_view id) const {
  for (const auto& image : images)
    if (image.id == id) return &image;
  return nullptr;
}

const Json* Look::image_config(const std::string& id) const {
  const auto found = image_configs.find(id);
  return found == image_configs.end() ? nullptr : member(found->second, "Config");
}

std::string Look::image_platform(const std::string& id) const {
  const auto found = image_configs.find(id);
  return found == image_configs.end() ? "" : text_at(found->second, "Platform");
}

const Seen* Look::container_by_id(std::string_view id) const {
  for (const auto& container : containers)
    if (container.id == id) return &container;
  return nullptr;
}

std::optional<Json> ImageConfigs::find(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto found = configs_.find(id);
  if (found == configs_.end()) return std::nullopt;
  return found->second;
}

void ImageConfigs::keep(const std::string& id, const Json& config) {
  const std::lock_guard lock(mutex_);
  if (configs_.size() > 512) configs_.clear();  // bounded: a service sees many versions in a year
  configs_[id] = config;
}

Result<Look> look_at(Engine& engine, ImageConfigs& configs, const CompiledModel& model,
                     const Scope& scope, Deadline deadline) {
  Look look;
  auto list = engine.get("/containers/json?all=1&filters=" +
                             filter_by_label(std::string(label::project), model.project),
                         deadline);
  if (!list) return failed(list);
  if (!list->is_array())
    return failure(error("docker.protocol", "the Engine's list of containers is no list"));
  for (const Json& entry : list->as_array()) {
    Seen seen = from_list(entry);
    if (scope.all || seen.oneoff || scope.services.contains(seen.service))
      look.containers.push_back(std::move(seen));
  }
  std::ranges::sort(look.containers, {}, &Seen::name);
  if (auto done = inspect_all(engine, look.containers, deadline); !done) return failed(done);
  if (auto done = read_copied_files(engine, model, look, deadline); !done) return failed(done);
  if (auto done = read_images(engine, look, deadline); !done) return failed(done);
  if (auto done = read_image_configs(engine, configs, model, look, deadline); !done)
    return failed(done);
  if (auto done = read_things(engine, "networks", model.project, names_of(model.networks),
                              look.networks, deadline);
      !done)
    return failed(done);
  if (auto done = read_things(engine, "volumes", model.project, names_of(model.volumes),
                              look.volumes, deadline);
      !done)
    return failed(done);
  return look;
}

Result<Json> inspect_container(Engine& engine, const std::string& name, Deadline deadline) {
  auto there = engine.get("/containers/" + url_encode(name) + "/json", deadline);
  if (there || there.error().code != "docker.not_found") return there;
  auto next = engine.get("/containers/" + url_encode(next_name(name)) + "/json", deadline);
  const bool ran = next && text_at(member_or_null(*next, "State"), "Status") != "created";
  return ran ? next : there;
}

std::string familiar_reference(std::string_view reference) {
  std::string name(reference);
  for (const std::string_view prefix : {"docker.io/library/", "docker.io/", "index.docker.io/"})
    if (name.starts_with(prefix)) {
      name.erase(0, prefix.size());
      break;
    }
  if (name.starts_with("sha256:") || name.find('@') != std::string::npos) return name;
  const auto slash = name.rfind('/');
  const auto colon = name.rfind(':');
  if (colon == std::string::npos || (slash != std::string::npos && colon < slash))
    name += ":latest";
  return name;
}

}  // namespace reconciler::docker
