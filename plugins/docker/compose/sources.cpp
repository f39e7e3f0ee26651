#include "plugins/docker/compose/sources.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "reconciler/base/filesystem.hpp"

namespace reconciler::docker {
namespace {

/// Compose would make a folder of this name, which is not what anybody meant.
bool looks_like_a_file(const std::string& relative) {
  const std::string last = relative.substr(relative.rfind('/') + 1);
  return last.starts_with(".env") || !std::filesystem::path(last).extension().empty();
}

struct Placed {
  std::string path;
  bool from_git = false;
};

class Placer {
 public:
  Placer(const Tree& tree, const Objects& objects, const std::string& data,
         const std::vector<std::string>& declared, const Stack& stack)
      : tree_(tree), objects_(objects), data_(clean_path(data)), stack_(stack) {
    for (const auto& folder : declared) declared_.push_back(clean_path(folder));
  }

  Result<Sources> run(Json& model) {
    for (const auto& folder : declared_) keep(folder);
    for (const char* kind : {"secrets", "configs"})
      if (auto* section = object_at(model, kind))
        for (auto& pair : *section) file_of(kind, std::string(pair.key()), pair.value());
    if (auto* services = object_at(model, "services"))
      for (auto& pair : *services) service(std::string(pair.key()), pair.value());
    if (!errors_.empty()) return failure(gather(std::move(errors_)));
    out_.data_folders.assign(folders_.begin(), folders_.end());
    return std::move(out_);
  }

 private:
  static JsonObject* object_at(Json& value, const char* key) {
    if (!value.is_object()) return nullptr;
    auto* found = value.get_object().if_contains(key);
    return found ? found->if_object() : nullptr;
  }

  /// Data for ever: DATA/PATH, filled once from what git has there.
  std::string keep(const std::string& relative) {
    const std::string path = data_ + "/" + relative;
    folders_.insert(path);
    if (!tree_.entry(relative)) return path;
    auto object = objects_.put(relative);
    if (!object) {
      errors_.push_back(std::move(object.error()));
      return path;
    }
    out_.data_seeds[path] = *object;
    out_.objects[*object] = relative;
    return path;
  }

  bool declared(const std::string& relative) const {
    return std::any_of(declared_.begin(), declared_.end(),
                       [&](const auto& folder) { return lies_under(relative, folder); });
  }

  /// Where a path of the tree really lies; nothing after a mistake, which is noted.
  std::optional<Placed> place(const std::string& relative, const Place& where,
                              const std::string& what) {
    const auto refuse = [&](Error e) {
      errors_.push_back(std::move(e).at(where));
      return std::nullopt;
    };
    if (const auto real = tree_.placed(relative)) return Placed{*real, false};
    if (!relative.empty() && declared(relative)) {
      // What is declared is the folder as a whole; a part of it is made with it.
      for (const auto& folder : declared_)
        if (lies_under(relative, folder)) keep(folder);
      return Placed{data_ + "/" + relative, false};
    }
    if (auto straight = tree_.no_link_on(relative, what); !straight)
      return refuse(std::move(straight.error()));
    if (tree_.entry(relative) || relative.empty()) {
      for (const auto& [inner, real] : tree_.files())
        if (relative.empty() || inner.starts_with(relative + "/"))
          return refuse(
              error("compose.unsupported",
                    fmt::format("{} \"{}\" holds \"{}\", which the host file places elsewhere",
                                what, relative.empty() ? "." : relative, inner))
                  .next("mount the two separately"));
      auto object = objects_.put(relative);
      if (!object) return refuse(std::move(object.error()));
      out_.objects[*object] = relative.empty() ? "." : relative;
      return Placed{*object, true};
    }
    const std::string kept = data_ + "/" + relative;
    if (looks_like_a_file(relative) && !exists(kept))
      return refuse(
          error("compose.source_missing",
                fmt::format("{} \"{}\" is not in the tree, and by its name it is a file", what,
                            relative))
              .next(fmt::format(
                  "commit it, say under `files:` in the host file where it lies, or put it at {}",
                  kept)));
    if (!exists(kept) || is_folder(kept)) keep(relative);
    return Placed{kept, false};
  }

  void file_of(const char* kind, const std::string& name, Json& value) {
    if (!value.is_object()) return;
    auto* file = value.get_object().if_contains("file");
    if (!file || !file->is_string()) return;
    const Place where = stack_.place({kind, name, "file"});
    const std::string path = clean_path(std::string(file->get_string()));
    const auto relative = tree_.relative(path);
    if (!relative) {
      for (const auto& [inner, real] : tree_.files())
        if (path == real) return;
      errors_.push_back(
          error("path.escape",
                fmt::format("the file of {}.{} lies outside of the tree: {}", kind, name, path))
              .at(where));
      return;
    }
    if (!tree_.entry(*relative) && !tree_.placed(*relative)) {
      errors_.push_back(
          error("compose.source_missing",
                fmt::format("the file of {}.{} is not in the tree: {}", kind, name, *relative))
              .at(where));
      return;
    }
    if (const auto placed = place(*relative, where, fmt::format("the file of {}.{}", kind, name)))
      *file = placed->path;
  }

  void service(const std::string& name, Json& value) {
    auto* volumes = value.is_object() ? value.get_object().if_contains("volumes") : nullptr;
    if (!volumes || !volumes->is_array()) return;
    std::vector<std::pair<std::string, std::string>> from_git;  // target, path in the tree
    const Place where = stack_.place({"services", name, "volumes"});
    for (auto& mount : volumes->get_array()) {
      if (text_at(mount, "type") != "bind" || !mount.is_object()) continue;
      auto& object = mount.get_object();
      const std::string source = clean_path(text_at(mount, "source"));
      object["source"] = source;
      const auto relative = tree_.relative(source);
      if (!relative) continue;  // the policy's concern
      const auto placed = place(*relative, where, fmt::format("the mount of {}", name));
      if (!placed) continue;
      object["source"] = placed->path;
      if (!placed->from_git) continue;
      if (const auto* bind = member(mount, "bind"); bind && !text_at(*bind, "selinux").empty())
        errors_.push_back(
            error("compose.unsupported", fmt::format("{} relabels \"{}\" (z or Z): content of the "
                                                     "tree is shared and is not relabelled",
                                                     name, *relative))
                .at(where));
      object["read_only"] = true;
      from_git.emplace_back(clean_path(text_at(mount, "target")), *relative);
    }
    nested(name, volumes->get_array(), from_git, where);
  }

  /// The runtime must make a nested mount's target, and cannot in what is read-only (ENGINE rule
  /// 12).
  void nested(const std::string& name, const JsonArray& volumes,
              const std::vector<std::pair<std::string, std::string>>& from_git,
              const Place& where) {
    for (const auto& mount : volumes) {
      const std::string target = clean_path(text_at(mount, "target"));
      for (const auto& [outer, relative] : from_git) {
        if (target == outer || !lies_under(target, outer)) continue;
        const std::string inside = (relative.empty() ? "" : relative + "/") +
                                   target.substr(outer == "/" ? 1 : outer.size() + 1);
        if (tree_.entry(inside)) continue;
        errors_.push_back(
            error(
                "compose.unsupported",
                fmt::format("{} mounts {} inside of {}, which is read-only and has no such folder",
                            name, target, outer))
                .at(where)
                .next(fmt::format("commit {}/.gitkeep", inside)));
      }
    }
  }

  const Tree& tree_;
  const Objects& objects_;
  const std::string data_;
  std::vector<std::string> declared_;
  const Stack& stack_;
  std::set<std::string> folders_;
  Sources out_;
  std::vector<Error> errors_;
};

}  // namespace

Result<Sources> place_sources(Json& model, const Tree& tree, const Objects& objects,
                              const std::string& data, const std::vector<std::string>& declared,
                              const Stack& stack) {
  return Placer(tree, objects, data, declared, stack).run(model);
}

bool leads_through_link(const std::string& path, const std::string& root) {
  const std::string clean = clean_path(path);
  const std::string top = clean_path(root);
  if (!lies_under(clean, top)) return false;
  for (size_t end = top.size() + 1; end <= clean.size(); ++end) {
    if (end < clean.size() && clean[end] != '/') continue;
    struct stat s {};
    if (::lstat(clean.substr(0, end).c_str(), &s) == 0 && S_ISLNK(s.st_mode)) return true;
  }
  return false;
}

}  // namespace reconciler::docker
