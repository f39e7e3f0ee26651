#include "plugins/docker/services/mounts.hpp"

#include <algorithm>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

bool is_hex64(std::string_view text) {
  return text.size() == 64 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::string clean_target(const std::string& target) {
  auto clean = clean_path(target);
  return clean.empty() ? "/" : clean;
}

/// A path however it was written; the Engine cleans it when it mounts. A volume's name as it is.
std::string clean_source(const std::string& source) {
  return source.starts_with("/") ? clean_path(source) : source;
}

/// `source:target[:mode,mode]`; an anonymous one is `target` alone.
void add_bind(const std::string& text, std::map<std::string, Mount>& mounts) {
  const auto parts = split(text, ':');
  if (parts.size() == 1) {
    mounts[clean_target(parts[0])] = Mount{.type = "volume"};
    return;
  }
  Mount mount;
  mount.source = clean_source(parts[0]);
  mount.type = mount.source.starts_with("/") ? "bind" : "volume";
  JsonObject options;
  if (parts.size() > 2)
    for (const auto& word : split(parts[2], ',')) {
      if (word == "ro")
        mount.read_only = true;
      else if (word == "nocopy")
        options["NoCopy"] = true;
      else if (word == "z" || word == "Z")
        options["Relabel"] = word;
      else if (word != "rw" && word != "rprivate" && !word.empty())
        options["Propagation"] = word;
    }
  mount.options = options.empty() ? Json() : Json(std::move(options));
  mounts[clean_target(parts[1])] = std::move(mount);
}

void add_mount(const Json& entry, std::map<std::string, Mount>& mounts) {
  Mount mount;
  mount.type = text_at(entry, "Type");
  mount.source = clean_source(text_at(entry, "Source"));
  mount.read_only = truth_at(entry, "ReadOnly");
  JsonObject options;
  for (const std::string_view kind : {"BindOptions", "VolumeOptions", "TmpfsOptions"}) {
    const Json* given = member(entry, kind);
    if (!given) continue;
    const Json kept = without_empty(*given);
    if (!kept.is_object()) continue;
    for (const auto& [key, value] : kept.as_object()) {
      if (key == "Propagation" && value == Json("rprivate"))
        continue;                               // the default, by another name
      if (key == "CreateMountpoint") continue;  // says what to do when the source is missing
      options[key] = value;
    }
  }
  mount.options = options.empty() ? Json() : Json(std::move(options));
  mounts[clean_target(text_at(entry, "Target"))] = std::move(mount);
}

}  // namespace

bool Mount::anonymous() const {
  return type == "volume" && (source.empty() || is_hex64(source));
}

bool is_empty(const Json& value) {
  if (value.is_object())
    return std::ranges::all_of(value.get_object(),
                               [](const auto& pair) { return is_empty(pair.value()); });
  if (value.is_array()) return value.get_array().empty();
  if (value.is_string()) return value.get_string().empty();
  if (value.is_bool()) return !value.get_bool();
  return value.is_null() || value.to_number<double>() == 0.0;
}

Json without_empty(const Json& value) {
  if (is_empty(value)) return {};
  if (value.is_object()) {
    JsonObject kept;
    for (const auto& [key, inner] : value.as_object()) {
      Json clean = without_empty(inner);
      if (!clean.is_null()) kept[key] = std::move(clean);
    }
    return kept;
  }
  if (value.is_array()) {
    JsonArray kept;  // positions have meaning: nothing is taken out of a list
    for (const auto& inner : value.as_array())
      kept.push_back(inner.is_object() ? without_empty(inner) : inner);
    return kept;
  }
  return value;
}

std::map<std::string, Mount> mounts_of(const Json& config, const Json& host) {
  std::map<std::string, Mount> mounts;
  if (const Json* volumes = member(config, "Volumes"); volumes && volumes->is_object())
    for (const auto& [target, nothing] : volumes->as_object())
      mounts[clean_target(std::string(target))] = Mount{.type = "volume"};
  if (const Json* tmpfs = member(host, "Tmpfs"); tmpfs && tmpfs->is_object())
    for (const auto& [target, options] : tmpfs->as_object())
      mounts[clean_target(std::string(target))] =
          Mount{.type = "tmpfs", .options = without_empty(options)};
  for (const auto& bind : texts_at(host, "Binds")) add_bind(bind, mounts);
  if (const Json* list = member(host, "Mounts"); list && list->is_array())
    for (const Json& entry : list->as_array()) add_mount(entry, mounts);
  return mounts;
}

std::map<std::string, std::string> anonymous_volumes(const Json& inspect) {
  std::map<std::string, std::string> volumes;
  const Json* mounts = member(inspect, "Mounts");
  if (!mounts || !mounts->is_array()) return volumes;
  for (const Json& entry : mounts->as_array()) {
    const auto name = text_at(entry, "Name");
    if (text_at(entry, "Type") == "volume" && is_hex64(name))
      volumes[clean_target(text_at(entry, "Destination"))] = name;
  }
  return volumes;
}

Json member_without_empty(const Json& value, std::string_view name) {
  const Json* found = member(value, name);
  return found ? without_empty(*found) : Json();
}

}  // namespace reconciler::docker
