#include "plugins/docker/tidy.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <ctime>
#include <filesystem>
#include <set>

#include "plugins/docker/services/restore.hpp"
#include "reconciler/base/failpoint.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/held.hpp"

namespace reconciler::docker {
namespace {

/// First part of a path under `folder`: the object, also where a file inside of it is meant.
std::string object_in(const std::string& folder, const std::string& path) {
  if (!path.starts_with(folder + "/")) return {};
  const std::string rest = path.substr(folder.size() + 1);
  return rest.substr(0, rest.find('/'));
}

void add_objects(const CompiledModel& model, const std::string& objects,
                 std::set<std::string>& needed) {
  for (const auto& [path, relative] : model.sources) needed.insert(object_in(objects, path));
  for (const auto& [data, path] : model.data_seeds) needed.insert(object_in(objects, path));
}

Status add_named(Context& context, const std::string& objects, std::set<std::string>& needed) {
  auto applications = list_folder(context.models());
  if (!applications) return failed(applications);
  for (const auto& application : *applications) {
    auto environments = list_folder(context.models() + "/" + application);
    if (!environments) return failed(environments);
    for (const auto& environment : *environments) {
      const std::string folder = models_of(context, {application, environment});
      auto keys = list_folder(folder);
      if (!keys) return failed(keys);
      for (const auto& name : *keys) {
        if (name.starts_with('.')) continue;
        auto model = context.compiler.load(folder, name);
        if (!model) {
          // It cannot be used again, whoever asks: it is compiled anew.
          if (auto gone = remove_tree(folder + "/" + name); !gone) return gone;
          continue;
        }
        add_objects(*model, objects, needed);
      }
    }
  }
  return {};
}

Status add_mounted(Context& context, const std::string& objects, std::set<std::string>& needed) {
  auto containers =
      context.engine.get("/containers/json?all=1", context.within(std::chrono::seconds(20)));
  if (!containers) return failed(containers);
  if (!containers->is_array())
    return failure(error("docker.protocol", "the list of containers is no list"));
  for (const auto& container : containers->get_array()) {
    const Json* mounts = member(container, "Mounts");
    if (!mounts || !mounts->is_array()) continue;
    for (const auto& mount : mounts->get_array())
      needed.insert(object_in(objects, text_at(mount, "Source")));
  }
  return {};
}

constexpr const char* removed = ".removed-";

/// Out of its name first: nobody may take what is half removed for the object.
Status remove_object(const std::string& folder, const std::string& name) {
  if (auto point = failpoint("object.remove.before"); !point) return point;
  const std::string path = folder + "/" + removed + name;
  std::error_code ec;
  std::filesystem::rename(folder + "/" + name, path, ec);
  if (ec)
    return failure(error("file.unwritable",
                         fmt::format("cannot rename {}/{}: {}", folder, name, ec.message())));
  if (auto synced = sync_folder(folder); !synced) return synced;
  if (auto gone = remove_tree(path); !gone) return gone;
  return failpoint("object.remove.after");
}

constexpr std::time_t abandoned_after_seconds = 86'400;

/// Begun so long ago that whoever began it has died.
bool is_abandoned(const std::string& path) {
  struct stat about {};
  return ::lstat(path.c_str(), &about) == 0 &&
         about.st_mtime + abandoned_after_seconds < std::time(nullptr);
}

}  // namespace

std::string models_of(const Context& context, const EnvironmentId& id) {
  return context.models() + "/" + id.application + "/" + id.environment;
}

Status tidy(Context& context, const EnvironmentId& id, const std::string& key,
            const std::vector<Recorded>& kept) {
  const std::string own = models_of(context, id);
  auto models = list_folder(own);
  if (!models) return failed(models);
  for (const auto& name : *models)
    if (name != key)
      if (auto gone = remove_tree(own + "/" + name); !gone) return gone;

  const std::string objects = context.paths.state + "/objects";
  // Who compiles has objects that no model names yet. They are tidied another time.
  const auto alone = hold_folder_alone(objects);
  if (!alone) return {};
  std::set<std::string> needed;
  for (const auto& version : kept) {
    auto model = restored_model(context, version);
    if (model) add_objects(*model, objects, needed);  // one that cannot be opened serves nobody
  }
  if (auto named = add_named(context, objects, needed); !named) return named;
  if (auto mounted = add_mounted(context, objects, needed); !mounted) return mounted;
  auto all = list_folder(objects);
  if (!all) return failed(all);
  for (const auto& name : *all) {
    if (needed.contains(name)) continue;
    const std::string path = objects + "/" + name;
    // What else begins with a dot is being written, or was by one that died.
    const bool hidden = name.starts_with('.');
    if (hidden && !name.starts_with(removed) && !is_abandoned(path)) continue;
    if (auto gone = hidden ? remove_tree(path) : remove_object(objects, name); !gone) return gone;
  }
  return {};
}

}  // namespace reconciler::docker
