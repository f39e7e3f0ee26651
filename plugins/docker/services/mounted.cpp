#include "plugins/docker/services/mounted.hpp"

#include <fmt/format.h>

#include <set>

#include "plugins/docker/services/git_object.hpp"
#include "plugins/docker/services/mounts.hpp"
#include "reconciler/base/filesystem.hpp"

namespace reconciler::docker {
namespace {

constexpr std::string_view executable = "+x";

/// Whether what lies at `path` is the object: same bytes, and executable where the tree says so.
bool holds(const std::string& path, const std::string& object) {
  const bool runs = object.ends_with(executable);
  const auto id = runs ? object.substr(0, object.size() - executable.size()) : object;
  const auto there = git_object_id(path);
  return there && *there == id && (!runs || is_executable(path));
}

/// The object itself, and not changed by hand. One that is too large to hash at each look is
/// trusted.
bool unharmed(const std::string& path, const std::string& object) {
  return holds(path, object) || (exists(path) && !git_object_id(path));
}

bool same_source(const Mount& before, const Mount& after) {
  if (after.type == "tmpfs") return true;
  if (after.anonymous()) return before.anonymous();
  const auto object = object_of(after.source);
  if (before.source == after.source) return object.empty() || unharmed(after.source, object);
  // Made by others, or from another folder: the content says whether anything changed.
  return !object.empty() && before.type == "bind" && holds(before.source, object);
}

std::string mount_in_words(const Mount& mount) {
  if (mount.type == "tmpfs") return "tmpfs";
  if (mount.anonymous()) return "anonymous volume";
  const auto object = object_of(mount.source);
  const auto text = object.empty() ? mount.source : "content " + object.substr(0, 8);
  return mount.read_only ? text + " read-only" : text;
}

bool same_mount(const Mount& before, const Mount& after) {
  // Scripts mount in-tree files as the compose file says; ours are read-only always. Where the
  // content is the same, the way it is mounted is no reason to stop a container.
  const bool from_tree = !object_of(after.source).empty() && object_of(before.source).empty();
  return before.type == after.type && same_source(before, after) &&
         (from_tree || (before.read_only == after.read_only &&
                        canonical(before.options) == canonical(after.options)));
}

}  // namespace

std::string object_of(const std::string& source) {
  constexpr std::string_view folder = "/objects/";
  const auto at = source.rfind(folder);
  if (at == std::string::npos) return "";
  auto name = source.substr(at + folder.size());
  const auto hex = name.substr(0, name.find('+'));
  if (hex.size() != 40 || hex.find_first_not_of("0123456789abcdef") != std::string::npos) return "";
  return name;
}

std::vector<std::string> harmed_objects(const Container& wanted) {
  static const Json nothing;
  const Json* host = member(wanted.config, "HostConfig");
  std::vector<std::string> harmed;
  for (const auto& [target, mount] : mounts_of(wanted.config, host ? *host : nothing))
    if (const auto object = object_of(mount.source);
        !object.empty() && !unharmed(mount.source, object))
      harmed.push_back(mount.source);
  return harmed;
}

void compare_mounts(const Side& before, const Side& after, std::vector<Difference>& out) {
  auto old = mounts_of(before.config, before.host);
  auto now = mounts_of(after.config, after.host);
  // The image's own volumes are anonymous ones on both sides.
  if (const Json* volumes = member(after.image, "Volumes"); volumes && volumes->is_object())
    for (const auto& [target, nothing] : mounts_of(Json(JsonObject{{"Volumes", *volumes}}), Json()))
      now.try_emplace(target, Mount{.type = "volume"});
  std::set<std::string> targets;
  for (const auto& [target, mount] : old) targets.insert(target);
  for (const auto& [target, mount] : now) targets.insert(target);
  const Surroundings& around = after.around;
  for (const auto& target : targets) {
    const auto a = old.find(target);
    const auto b = now.find(target);
    // An old image's volume that the new one does not declare any more is no mount of anyone's.
    if (b == now.end() && a->second.anonymous() && after.image.is_null()) continue;
    const bool equal = a != old.end() && b != now.end() && same_mount(a->second, b->second);
    const bool removed = equal && b->second.type == "volume" && !b->second.anonymous() &&
                         around.volumes && !around.volumes->contains(b->second.source);
    if (equal && !removed) continue;
    out.push_back({fmt::format("mount {}", target),
                   a == old.end() ? "none" : mount_in_words(a->second),
                   b == now.end() ? "none" : mount_in_words(b->second)});
    if (b == now.end() || out.back().before != out.back().after) continue;
    out.back().before += removed                               ? ", removed"
                         : object_of(b->second.source).empty() ? ", mounted otherwise"
                                                               : ", changed by hand";
  }
}

}  // namespace reconciler::docker
