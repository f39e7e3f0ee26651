// How a Look is read from the Engine.
#include <algorithm>

#include "plugins/docker/services/look.hpp"
#include "plugins/docker/services/names.hpp"
#include "plugins/docker/services/place.hpp"
#include "plugins/docker/services/platform.hpp"
#include "reconciler/base/parallel.hpp"

namespace reconciler::docker {
namespace {

constexpr size_t connections = 4;

std::string filter_by_label(const std::string& key, const std::string& value) {
  const JsonObject filter{{"label", JsonArray{Json(key + "=" + value)}}};
  return url_encode(canonical(filter));
}

/// Links add names with a second slash.
std::string name_of(const Json& entry) {
  std::string own;
  for (const auto& name : texts_at(entry, "Names"))
    if (name.find('/', 1) == std::string::npos) own = name.substr(name.starts_with("/") ? 1 : 0);
  return own;
}

/// `inspect` is moved into a new value: it stays in the piece of memory that it was read into.
Seen seen_of(std::string name, const Json& entry, Json inspect) {
  Seen seen{.id = text_at(entry, "Id"),
            .name = std::move(name),
            .service = {},
            .inspect = std::move(inspect)};
  if (const Json* labels = member(entry, "Labels")) {
    seen.service = text_at(*labels, label::service);
    seen.number = std::atoi(text_at(*labels, label::number).c_str());
    seen.oneoff = text_at(*labels, label::oneoff) == "True";
  }
  return seen;
}

bool is_in(const Scope& scope, const Json& entry) {
  if (scope.all) return true;
  const Json& labels = member_or_null(entry, "Labels");
  return text_at(labels, label::oneoff) == "True" ||
         scope.services.contains(text_at(labels, label::service));
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

Status read_images(Engine& engine, std::vector<SeenImage>& images, Deadline deadline) {
  auto list = engine.get("/images/json", deadline);
  if (!list) return failed(list);
  for (const Json& entry : list->as_array()) {
    SeenImage image;
    image.id = text_at(entry, "Id");
    image.tags = texts_at(entry, "RepoTags");
    for (auto& digest : texts_at(entry, "RepoDigests")) image.tags.push_back(std::move(digest));
    if (const Json* labels = member(entry, "Labels"); labels && labels->is_object())
      image.labels = *labels;
    images.push_back(std::move(image));
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

/// Reads the Engine into one Look; what does not need another's answer is asked beside it. The list
/// of containers takes an Engine long, so those that are wanted are asked for by name meanwhile.
class Reader {
 public:
  Reader(Engine& engine, ImageConfigs& configs, const CompiledModel& model, const Scope& scope,
         Deadline deadline)
      : engine_(engine), configs_(configs), model_(model), scope_(scope), deadline_(deadline) {}

  Result<Look> read() && {
    if (auto done = read_lists(); !done) return failed(done);
    if (auto done = read_each(); !done) return failed(done);
    if (auto done = read_copied_files(engine_, model_, look_, deadline_); !done)
      return failed(done);
    return std::move(look_);
  }

 private:
  Status read_lists() {
    std::vector<std::function<Status()>> all{
        [this] { return read_container_list(); },
        [this] { return read_images(engine_, look_.images, deadline_); },
        [this] {
          return read_things(engine_, "networks", model_.project, names_of(model_.networks),
                             look_.networks, deadline_);
        },
        [this] {
          return read_things(engine_, "volumes", model_.project, names_of(model_.volumes),
                             look_.volumes, deadline_);
        }};
    for (const auto& container : model_.containers)
      if ((scope_.all || scope_.services.contains(container.service)) && !knows(container.name))
        all.emplace_back([this, &container] { return inspect_ahead(container.name); });
    return in_parallel(connections, all.size(), [&](size_t i) { return all[i](); });
  }

  Status read_container_list() {
    auto list = engine_.get("/containers/json?all=1&filters=" +
                                filter_by_label(std::string(label::project), model_.project),
                            deadline_);
    if (!list) return failed(list);
    for (Json& entry : list->as_array())
      if (is_in(scope_, entry)) entries_.emplace(name_of(entry), std::move(entry));
    return {};
  }

  /// Containers, and the configurations of the images that are wanted and that they run.
  Status read_each() {
    std::set<std::string> images;
    for (const auto& image : model_.images)
      if (const SeenImage* seen = look_.image_by_reference(image.reference))
        images.insert(seen->id);
    for (const auto& [name, entry] : entries_) images.insert(text_at(entry, "ImageID"));
    const auto ids = unknown(images);
    std::vector<std::string> others;
    for (const auto& [name, entry] : entries_) {
      auto id = text_at(entry, "Id");
      if (inspects_.contains(id)) continue;
      if (auto kept = inspected(id, entry))
        inspects_.emplace(std::move(id), std::move(*kept));
      else
        others.push_back(std::move(id));
    }
    auto done = in_parallel(connections, ids.size() + others.size(), [&](size_t i) {
      return i < ids.size() ? read_image(ids[i]) : inspect(others[i - ids.size()]);
    });
    if (!done) return done;
    // What has a wanted name and is not listed is another project's: it is none of ours.
    for (const auto& [name, entry] : entries_)
      if (const auto found = inspects_.find(text_at(entry, "Id")); found != inspects_.end())
        look_.containers.push_back(seen_of(name, entry, std::move(found->second)));
    return read_images_that_the_list_did_not_name();
  }

  /// An Engine may list a container with another ID than its inspect has.
  Status read_images_that_the_list_did_not_name() {
    std::set<std::string> images;
    for (const auto& container : look_.containers) images.insert(container.image_id());
    const auto ids = unknown(images);
    return in_parallel(connections, ids.size(), [&](size_t i) { return read_image(ids[i]); });
  }

  /// Those that are to be asked for; what is known of the others is filled in.
  std::vector<std::string> unknown(const std::set<std::string>& ids) {
    std::vector<std::string> all;
    for (const auto& id : ids) {
      if (id.empty() || !images_.insert(id).second) continue;
      // One that the list does not show may be gone, or hidden behind a child: asked each time.
      if (auto config = look_.image_by_id(id) ? configs_.find(id) : std::nullopt)
        look_.image_configs[id] = std::move(*config);
      else
        all.push_back(id);
    }
    return all;
  }

  /// A container may outlive its image; then there is none.
  Status read_image(const std::string& id) {
    auto body = engine_.get("/images/" + url_encode(id) + "/json", deadline_);
    if (!body) return unless_gone(body);
    const Json* config = member(*body, "Config");
    if (!config) return {};
    Json read = JsonObject{{"Config", *config}, {"Platform", platform_of(*body)}};
    configs_.keep(id, read);
    const std::lock_guard lock(mutex_);
    look_.image_configs[id] = std::move(read);
    return {};
  }

  /// A guess: what has the name may be a stranger's, or the Engine takes the name for the beginning
  /// of an ID. The list says what is there, and asks again where this gave nothing.
  Status inspect_ahead(const std::string& name) {
    if (auto body = engine_.get("/containers/" + url_encode(name) + "/json", deadline_))
      keep(std::move(*body));
    return {};
  }

  /// A container may go between the list and its inspect: then it is not there.
  Status inspect(const std::string& id) {
    auto body = engine_.get("/containers/" + id + "/json", deadline_);
    if (!body) return unless_gone(body);
    keep(std::move(*body));
    return {};
  }

  bool knows(const std::string& name) const {
    return scope_.inspected && scope_.inspected->knows(name);
  }

  std::optional<Json> inspected(const std::string& id, const Json& entry) const {
    if (!scope_.inspected) return std::nullopt;
    return scope_.inspected->find(id, text_at(entry, "State"));
  }

  void keep(Json inspect) {
    auto id = text_at(inspect, "Id");
    if (scope_.inspected) scope_.inspected->keep(asked_, id, inspect);
    const std::lock_guard lock(mutex_);
    inspects_.emplace(std::move(id), std::move(inspect));
  }

  static Status unless_gone(Result<Json>& body) {
    if (body.error().code == "docker.not_found") return {};
    return failed(body);
  }

  Engine& engine_;
  ImageConfigs& configs_;
  const CompiledModel& model_;
  const Scope& scope_;
  const Deadline deadline_;
  const Inspected::Moment asked_ = scope_.inspected ? scope_.inspected->now() : 0;
  Look look_;
  std::mutex mutex_;                      ///< of what several threads write to
  std::set<std::string> images_;          ///< those whose configuration is known or was asked for
  std::map<std::string, Json> inspects_;  ///< by ID
  /// Of the list of containers, those that are looked at, by name; one that is being removed may
  /// have none.
  std::multimap<std::string, Json> entries_;
};

}  // namespace

Result<Look> look_at(Engine& engine, ImageConfigs& configs, const CompiledModel& model,
                     const Scope& scope, Deadline deadline) {
  return Reader(engine, configs, model, scope, deadline).read();
}

Result<Json> inspect_container(Engine& engine, const Container& container, Deadline deadline) {
  auto there = engine.get("/containers/" + url_encode(container.name) + "/json", deadline);
  if (there || there.error().code != "docker.not_found") return there;
  const Json& labels = member_or_null(container.config, "Labels");
  auto list =
      engine.get("/containers/json?all=1&filters=" +
                     filter_by_label(std::string(label::project), text_at(labels, label::project)),
                 deadline);
  if (!list) return failed(list);
  Look look;
  for (const Json& entry : list->as_array())
    look.containers.push_back(
        seen_of(name_of(entry), entry,
                JsonObject{{"State", JsonObject{{"Status", text_at(entry, "State")}}},
                           {"Config", JsonObject{{"Labels", member_or_null(entry, "Labels")}}}}));
  Place place;
  place.wanted = &container;
  find_containers(look, place);
  if (!place.current) return there;
  return engine.get("/containers/" + place.current->id + "/json", deadline);
}

}  // namespace reconciler::docker
