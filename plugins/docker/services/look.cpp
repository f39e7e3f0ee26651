#include "plugins/docker/services/look.hpp"

#include <algorithm>

namespace reconciler::docker {
namespace {

/// Where the tag of `name:tag` begins: a colon before the last slash is that of a registry's port.
size_t tag_colon(std::string_view name) {
  const auto slash = name.rfind('/');
  const auto colon = name.rfind(':');
  const bool of_port = slash != std::string_view::npos && colon < slash;
  return of_port ? std::string_view::npos : colon;
}

}  // namespace

std::string Seen::state() const {
  const Json* state = member(inspect, "State");
  return state ? text_at(*state, "Status") : "";
}

std::string Seen::image_id() const {
  return text_at(inspect, "Image");
}

std::string Seen::label(std::string_view key) const {
  const Json* config = member(inspect, "Config");
  const Json* labels = config ? member(*config, "Labels") : nullptr;
  return labels ? text_at(*labels, key) : "";
}

bool Seen::up() const {
  const auto now = state();
  return now == "running" || now == "restarting";
}

bool Seen::stopped() const {
  const auto now = state();
  return now == "created" || now == "exited" || now == "dead";
}

std::int64_t Seen::exit_code() const {
  const Json* state = member(inspect, "State");
  return state ? number_at(*state, "ExitCode") : 0;
}

const SeenImage* Look::image_by_reference(std::string_view reference) const {
  const auto wanted = familiar_reference(reference);
  for (const auto& image : images)
    if (std::find(image.tags.begin(), image.tags.end(), wanted) != image.tags.end()) return &image;
  return image_by_id(reference);
}

const SeenImage* Look::image_by_id(std::string_view id) const {
  for (const auto& image : images)
    if (image.id == id) return &image;
  return nullptr;
}

const Json* Look::image_config(const std::string& id) const {
  const auto found = image_configs.find(id);
  return found == image_configs.end() ? nullptr : member(found->second, "Config");
}

std::string Look::image_platform(const std::string& id) const {
  const auto found = image_configs.find(id);
  return found == image_configs.end() ? "" : text_at(found->second, "Platform");
}

const Seen* Look::container_by_id(std::string_view id) const {
  for (const auto& container : containers)
    if (container.id == id) return &container;
  return nullptr;
}

std::optional<Json> ImageConfigs::find(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto found = configs_.find(id);
  if (found == configs_.end()) return std::nullopt;
  return found->second;
}

void ImageConfigs::keep(const std::string& id, const Json& config) {
  const std::lock_guard lock(mutex_);
  if (configs_.size() > 512) configs_.clear();  // bounded: a service sees many versions in a year
  configs_[id] = config;
}

std::string familiar_reference(std::string_view reference) {
  std::string name(reference);
  for (const std::string_view prefix : {"docker.io/library/", "docker.io/", "index.docker.io/"})
    if (name.starts_with(prefix)) {
      name.erase(0, prefix.size());
      break;
    }
  if (name.starts_with("sha256:")) return name;
  if (is_by_digest(name)) return without_idle_tag(name);
  if (tag_colon(name) == std::string::npos) name += ":latest";
  return name;
}

bool is_by_digest(std::string_view reference) {
  return reference.find('@') != std::string_view::npos;
}

std::string without_idle_tag(std::string_view reference) {
  std::string name(reference);
  const auto at = name.find('@');
  if (at == std::string::npos) return name;
  if (const auto colon = tag_colon(reference.substr(0, at)); colon != std::string::npos)
    name.erase(colon, at - colon);
  return name;
}

}  // namespace reconciler::docker
