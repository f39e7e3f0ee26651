#include "plugins/docker/discover/running.hpp"

#include <algorithm>
#include <map>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/json.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

constexpr std::string_view prefix = "com.docker.compose.";

/// Version 1 writes paths as they were given.
std::vector<std::string> paths(const std::string& list, const std::string& folder) {
  std::vector<std::string> all;
  for (const auto& one : split(list, ',')) {
    const std::string path(trim(one));
    if (path.empty() || path == "-") continue;
    all.push_back(clean_path(path.starts_with('/') ? path : folder + "/" + path));
  }
  return all;
}

}  // namespace

Result<std::vector<RunningProject>> projects_on_host(Engine& engine, Deadline deadline) {
  auto list = engine.get(
      "/containers/json?all=1&filters=" + url_encode(R"({"label":["com.docker.compose.project"]})"),
      deadline);
  if (!list) return failed(list);
  std::map<std::string, RunningProject> projects;
  if (!list->is_array())
    return failure(error("docker.protocol", "the Engine's list of containers is no list"));
  for (const Json& entry : list->as_array()) {
    const Json& labels = member_or_null(entry, "Labels");
    const auto label = [&](std::string_view name) {
      return text_at(labels, std::string(prefix) + std::string(name));
    };
    if (label("oneoff") == "True") continue;
    RunningProject& project = projects[label("project")];
    project.name = label("project");
    project.version = label("version");
    project.folder = label("project.working_dir");
    project.files = paths(label("project.config_files"), project.folder);
    project.env_files = paths(label("project.environment_file"), project.folder);
    if (!text_at(labels, "reconciler.lineage").empty()) project.ours = true;
    project.containers.push_back(
        {label("service"), text_at(entry, "Image"), text_at(entry, "State") == "running"});
  }
  std::vector<RunningProject> all;
  for (auto& [name, project] : projects) all.push_back(std::move(project));
  return all;
}

bool is_from(const RunningProject& project, const std::string& folder) {
  const auto beside = [&](const std::string& file) {
    return file.substr(0, file.rfind('/')) == folder;
  };
  return clean_path(project.folder) == folder || std::ranges::any_of(project.files, beside);
}

}  // namespace reconciler::docker
