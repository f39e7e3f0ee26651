#include "plugins/docker/discover/env_files.hpp"

#include <algorithm>

#include "reconciler/base/filesystem.hpp"

namespace reconciler::docker {
namespace {

/// What it is called in the tree: where it lies, or beside the compose file where that is outside.
std::string place_of(const std::string& path, const std::string& folder) {
  if (lies_under(path, folder)) return path.substr(folder.size() + 1);
  const auto name = path.substr(path.rfind('/') + 1);
  return name.starts_with(".env") ? name : ".env.production";
}

void add_env_file(const std::string& path, const std::string& why, const std::string& folder,
                  const Checkout& checkout, std::vector<FoundPlace>& to) {
  const auto place = place_of(path, folder);
  if (std::ranges::find(to, place, &FoundPlace::place) != to.end()) return;
  to.push_back({place, checkout.tracks(path) ? "" : path, why});
}

}  // namespace

std::vector<std::string> likely_env_files(const std::string& folder,
                                          const RunningProject* running) {
  if (running && !running->env_files.empty() &&
      std::ranges::all_of(running->env_files, [](const auto& path) { return exists(path); }))
    return running->env_files;
  for (const char* name : {".env", ".env.production", ".env.prod"})
    if (const auto path = folder + "/" + name; exists(path) && !is_folder(path)) return {path};
  return {};
}

void add_env_files(const std::vector<std::string>& paths, const Json& written,
                   const std::string& folder, const Checkout& checkout, Discovered& into) {
  for (const auto& path : paths) add_env_file(path, "", folder, checkout, into.env_files);
  const Json& services = member_or_null(written, "services");
  if (!services.is_object()) return;
  for (const auto& [name, service] : services.get_object()) {
    const Json& list = member_or_null(service, "env_file");
    if (!list.is_array()) continue;
    for (const Json& one : list.get_array()) {
      const auto text = one.is_string() ? std::string(one.get_string()) : text_at(one, "path");
      if (text.empty() || text.find('$') != std::string::npos) continue;
      const auto path = clean_path(text.starts_with('/') ? text : folder + "/" + text);
      const auto place = place_of(path, folder);
      const bool known =
          std::ranges::find(into.env_files, place, &FoundPlace::place) != into.env_files.end();
      if (!known && lies_under(path, folder) && exists(path) && !checkout.tracks(path))
        into.not_in_git.push_back({place, path, "read by " + std::string(name)});
    }
  }
}

}  // namespace reconciler::docker
