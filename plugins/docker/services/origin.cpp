#include "plugins/docker/services/origin.hpp"

#include <fmt/format.h>

#include <optional>
#include <set>

#include "plugins/docker/compose/objects.hpp"
#include "plugins/docker/services/git_object.hpp"
#include "plugins/docker/services/mounted.hpp"
#include "reconciler/base/filesystem.hpp"

namespace reconciler::docker {
namespace {

std::string folder_of(const std::string& object) {
  return object.substr(0, object.rfind('/'));
}

class Source {
 public:
  explicit Source(const Origin& origin) {
    if (origin.tree.empty() || !exists(origin.tree)) return;
    if (auto tree = Tree::read(origin.tree, origin.index, {})) tree_.emplace(std::move(*tree));
  }

  /// Why it cannot be made anew; empty where it can.
  std::string obstacle(const std::string& object, const std::string& path) const {
    if (!tree_) return "its tree is gone from the state folder";
    if (Objects(*tree_, folder_of(object)).path_of(path) != object)
      return "its tree has another one there";
    const auto there = tree_->root() + "/" + path;
    if (!exists(there)) return "it is gone from its tree as well";
    // One that is too large to be read at each look is trusted.
    const auto id = git_object_id(there);
    const auto name = object_of(object);
    if (id && name.substr(0, name.find('+')) != *id) return "it was changed in its tree as well";
    return "";
  }

  Status make(const std::string& object, const std::string& path) const {
    if (auto gone = remove_tree(object); !gone) return gone;
    auto made = Objects(*tree_, folder_of(object)).put(path);
    if (!made) return failed(made);
    return {};
  }

 private:
  std::optional<Tree> tree_;
};

Error cannot_be_made(bool there, const std::string& path, const std::string& obstacle) {
  return there ? error("object.harmed", fmt::format("the file {} that was mounted then was changed "
                                                    "by hand, and {}",
                                                    path, obstacle))
                     .next("commit a tag")
               : error("object.gone", fmt::format("the file {} that was mounted then is gone from "
                                                  "the state folder, and {}",
                                                  path, obstacle))
                     .next("commit a tag");
}

}  // namespace

void check_objects(const CompiledModel& model, const Origin& origin, std::vector<Error>& gone) {
  std::set<std::string> wrong;
  for (const auto& [object, path] : model.sources)
    if (!exists(object)) wrong.insert(object);
  for (const auto& container : model.containers)
    for (auto& object : harmed_objects(container)) wrong.insert(std::move(object));
  for (const auto& [name, task] : model.tasks)
    for (auto& object : harmed_objects(task)) wrong.insert(std::move(object));
  if (wrong.empty()) return;
  const Source source(origin);
  for (const auto& object : wrong) {
    const auto path = model.sources.find(object);
    if (path == model.sources.end()) continue;
    if (const auto why = source.obstacle(object, path->second); !why.empty())
      gone.push_back(cannot_be_made(exists(object), path->second, why));
  }
}

Status make_objects_anew(const CompiledModel& model, const Origin& origin,
                         const std::vector<std::string>& paths) {
  const Source source(origin);
  for (const auto& object : paths) {
    const auto path = model.sources.find(object);
    if (path == model.sources.end()) continue;
    if (const auto why = source.obstacle(object, path->second); !why.empty())
      return failure(cannot_be_made(exists(object), path->second, why));
    if (auto made = source.make(object, path->second); !made) return made;
  }
  return {};
}

}  // namespace reconciler::docker
