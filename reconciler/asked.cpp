#include "reconciler/asked.hpp"

#include <set>

#include "reconciler/base/digest.hpp"
#include "reconciler/git/tree_index.hpp"

namespace reconciler {
namespace {

constexpr std::string_view manifest_name = "reconciler.yaml";

std::string folder_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? "" : path.substr(0, slash));
}

bool is_in(std::string_view path, std::string_view folder) {
  return folder.empty() ||
         (path.starts_with(folder) && path.substr(folder.size()).starts_with('/'));
}

/// Where a manifest lies, and its `environments`: read as the manifest, not as the application.
bool is_manifest(std::string_view path, std::string_view own) {
  if (!is_in(path, own)) return false;
  const std::string_view rest = own.empty() ? path : path.substr(own.size() + 1);
  return rest == manifest_name || rest == "environments" || rest.starts_with("environments/");
}

/// Files and links by content; folders follow from them.
Json content_of(const TreeIndex& index, std::string_view own) {
  std::set<std::string> others;
  for (const auto& [path, entry] : index.entries())
    if (entry.is_file() && (path == manifest_name || path.ends_with("/reconciler.yaml")))
      if (const auto folder = folder_of(path); folder != own && !is_in(own, folder))
        others.insert(folder);
  JsonArray content;
  for (const auto& [path, entry] : index.entries()) {
    if (entry.is_folder() || is_manifest(path, own)) continue;
    bool of_another = false;
    for (const auto& other : others) of_another = of_another || is_in(path, other);
    if (!of_another) content.push_back(JsonArray{path, entry.mode, entry.oid});
  }
  return Json(std::move(content));
}

}  // namespace

std::string asked_of(const EnvironmentSpec& spec) {
  Json sections = spec.sections;
  // What holds up, no more, and how data is kept are no part of a version.
  if (JsonObject* all = sections.if_object())
    for (const auto* key : {"protect", "backup", "restore"}) all->erase(key);
  JsonArray variables;
  for (const auto& set : spec.set) variables.push_back(JsonArray{set.name, set.text});
  JsonArray env_files;
  for (const auto& file : spec.env_files) {
    env_files.emplace_back(file.path);
    if (!file.provider.empty()) env_files.emplace_back(JsonArray{"provider", file.provider});
  }
  const Json timeout = spec.verify_timeout ? Json(spec.verify_timeout->count()) : Json(nullptr);
  return sha256(canonical(JsonObject{{"tag", spec.tag},
                                     {"sections", std::move(sections)},
                                     {"verify_timeout", timeout},
                                     {"verify_stable", spec.verify_stable.count()},
                                     {"on_failure", spec.on_failure == OnFailure::hold},
                                     {"irreversible", to_json(spec.irreversible)},
                                     {"set", std::move(variables)},
                                     {"env_files", std::move(env_files)},
                                     {"source", spec.source.location},
                                     {"state_files", spec.state_files}}));
}

Result<std::string> asked_of(const EnvironmentSpec& spec, const SourceTree& tree) {
  JsonObject all{{"manifest", asked_of(spec)}};
  if (spec.source.kind == Source::Kind::repository) {
    all["commit"] = tree.commit;
  } else {
    auto index = TreeIndex::read(tree.index);
    if (!index) return failed(index);
    all["content"] = content_of(*index, spec.source.kind == Source::Kind::same ? spec.folder : "");
  }
  return sha256(canonical(all));
}

}  // namespace reconciler
