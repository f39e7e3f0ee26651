// Labels and names by which containers are told apart, a look alone being enough.
#pragma once

#include <string>
#include <string_view>

#include "plugins/docker/compose/model.hpp"

namespace reconciler::docker {

namespace label {
inline constexpr std::string_view project = "com.docker.compose.project";
inline constexpr std::string_view service = "com.docker.compose.service";
inline constexpr std::string_view number = "com.docker.compose.container-number";
inline constexpr std::string_view oneoff = "com.docker.compose.oneoff";
inline constexpr std::string_view image = "com.docker.compose.image";
inline constexpr std::string_view task = "reconciler.task";
inline constexpr std::string_view config_hash = "com.docker.compose.config-hash";
inline constexpr std::string_view environment = "reconciler.environment";
inline constexpr std::string_view lineage = "reconciler.lineage";
inline constexpr std::string_view attempt = "reconciler.attempt";
inline constexpr std::string_view files = files_label;
inline constexpr std::string_view hooks = hooks_label;
/// Compose's hash as it is compiled, without the ids of others: of containers that refer to some.
inline constexpr std::string_view compiled_hash = "reconciler.compiled-hash";
inline constexpr std::string_view boot = "reconciler.boot";
inline constexpr std::string_view commit = "reconciler.commit";
inline constexpr std::string_view inputs = "reconciler.inputs";
inline constexpr std::string_view compose_prefix = "com.docker.compose.";
inline constexpr std::string_view own_prefix = "reconciler.";
}  // namespace label

/// The name of the driver: ResourceId::driver of all that it reports.
inline constexpr std::string_view driver_name = "compose";

/// A container that is being put in the place of `name`, and the one that it took the place of.
inline std::string next_name(const std::string& name) {
  return name + ".next";
}
inline std::string prev_name(const std::string& name) {
  return name + ".prev";
}

/// The one that was not well, when the kept one serves again.
inline std::string failed_name(const std::string& name) {
  return name + ".failed";
}

/// An orphan that was stopped, and is removed once what took its place is well.
inline std::string orphan_name(const std::string& name) {
  return name + ".orphan";
}

/// What version 1 of Compose called it: `app_web_1` for `app-web-1`; empty where the compose file
/// gives it a name of its own.
inline std::string name_of_version_1(const Container& container) {
  const auto number = std::to_string(container.number);
  const auto end = "-" + container.service + "-" + number;
  if (!container.name.ends_with(end)) return "";
  return container.name.substr(0, container.name.size() - end.size()) + "_" + container.service +
         "_" + number;
}

/// Made by version 1: what it did otherwise is no difference.
inline bool is_of_version_1(const Json& labels) {
  return text_at(labels, "com.docker.compose.version").starts_with("1.");
}

}  // namespace reconciler::docker
