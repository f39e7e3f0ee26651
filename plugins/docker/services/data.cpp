#include "plugins/docker/services/data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "plugins/docker/compose/sources.hpp"
#include "plugins/docker/services/mounted.hpp"
#include "plugins/docker/services/mounts.hpp"
#include "plugins/docker/services/names.hpp"
#include "reconciler/base/failpoint.hpp"
#include "reconciler/base/filesystem.hpp"

namespace reconciler::docker {
namespace {

std::map<std::string, Mount> mounts_in(const Json& config, const Json* host) {
  static const Json nothing;
  return mounts_of(config, host ? *host : nothing);
}

/// The path in the tree that a data folder stands for: what follows APP/ENV/ in it.
std::string path_in_tree(const std::string& folder, const EnvironmentId& id) {
  const auto root = "/" + id.text() + "/";
  const auto at = folder.find(root);
  return at == std::string::npos ? folder : folder.substr(at + root.size());
}

Error moved(const Observed& observed, const Place& place, const std::string& target,
            const Mount& before, const std::string& after) {
  const auto path = path_in_tree(after, observed.id);
  Error e = error(
      "compose.data_moved",
      fmt::format("{} has {} from {}, and would get {} there instead", place.current->name, target,
                  before.source.empty() ? "an anonymous volume" : before.source, after));
  if (before.type == "bind")
    return std::move(e)
        .with("keep", fmt::format("environments: {{ {}: {{ files: {{ {}: {} }} }} }}",
                                  observed.id.text(), path, before.source))
        .next("put that line into the host file, or move the data and stop the container first");
  return std::move(e).next(
      fmt::format("mount the volume {} by name in the compose file, or move the data and remove "
                  "the container first",
                  before.source));
}

}  // namespace

ResourceId folder_id(const std::string& folder, const EnvironmentId& id) {
  return {std::string(driver_name), "folder", path_in_tree(folder, id)};
}

void observe_data(const Context& context, const Observed& observed, Observation& into) {
  for (const auto& folder : observed.model.data_folders) {
    if (exists(folder)) continue;
    const bool filled = observed.model.data_seeds.contains(folder);
    Resource r;
    r.id = folder_id(folder, observed.id);
    r.desired = context.digest(Json(folder));
    r.health = Health::none;
    r.ours = true;
    r.state = "not there";
    r.reason = fmt::format("{} at {}",
                           filled ? "filled once with what git has" : "new empty folder", folder);
    r.differences = {{"folder", "none", "there"}};
    Work work;
    work.phase = Phase::start;
    work.verb = "create";
    work.targets = {r.id};
    work.input = JsonObject{{"folder", folder}, {"model", observed.model.key}};
    r.remedies[Aim::match] = {work};
    r.remedies[Aim::run] = {std::move(work)};
    into.resources.push_back(std::move(r));
  }
}

void check_data(const Observed& observed, const std::vector<Place>& places,
                std::vector<Error>& refused) {
  const auto& folders = observed.model.data_folders;
  for (const auto& place : places) {
    if (!place.current) continue;
    const auto wanted = mounts_in(place.wanted->config, member(place.wanted->config, "HostConfig"));
    const Json* config = member(place.current->inspect, "Config");
    const auto there =
        mounts_in(config ? *config : Json(), member(place.current->inspect, "HostConfig"));
    for (const auto& [target, mount] : wanted) {
      const bool data =
          mount.type == "bind" &&
          std::ranges::any_of(folders, [&source = mount.source](const std::string& folder) {
            return lies_under(source, folder);
          });
      const auto before = there.find(target);
      if (!data || before == there.end() || before->second.type == "tmpfs") continue;
      if (clean_path(before->second.source) == clean_path(mount.source)) continue;
      if (!object_of(before->second.source).empty()) continue;  // git's, read-only: no data yet
      refused.push_back(moved(observed, place, target, before->second, mount.source));
    }
  }
}

Status check_link(const std::string& path, const std::vector<std::string>& roots) {
  for (const auto& root : roots)
    if (!root.empty() && leads_through_link(path, root))
      return failure(
          error("compose.bind_link",
                fmt::format("{} leads through a link below {}, where containers write", path, root))
              .next("replace the link by what it points to"));
  return {};
}

Status make_data(const CompiledModel& model, const std::vector<std::string>& roots) {
  for (const auto& folder : model.data_folders) {
    if (auto straight = check_link(folder, roots); !straight) return straight;
    if (exists(folder)) continue;
    const auto seed = model.data_seeds.find(folder);
    if (seed == model.data_seeds.end()) {
      if (auto made = make_folders(folder, 0755); !made) return made;
      continue;
    }
    if (auto made = make_folders(folder.substr(0, folder.rfind('/')), 0755); !made) return made;
    if (auto point = failpoint("data.fill.before"); !point) return point;
    const std::string staging = folder + ".filling";
    if (auto gone = remove_tree(staging); !gone) return gone;
    std::error_code failed_with;
    std::filesystem::copy(
        seed->second, staging,
        std::filesystem::copy_options::recursive | std::filesystem::copy_options::copy_symlinks,
        failed_with);
    // It is filled once and never again: after a power cut it is whole, or not there.
    if (!failed_with)
      if (auto synced = sync_file_system(staging); !synced) return synced;
    if (!failed_with) std::filesystem::rename(staging, folder, failed_with);
    if (failed_with)
      return failure(error("file.unwritable", fmt::format("cannot fill the data folder {}: {}",
                                                          folder, failed_with.message())));
    if (auto synced = sync_folder(folder.substr(0, folder.rfind('/'))); !synced) return synced;
    if (auto point = failpoint("data.fill.after"); !point) return point;
  }
  return {};
}

}  // namespace reconciler::docker
