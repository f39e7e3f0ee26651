// One look at the Engine: what is there of a project, read once and shared by services, images and
// tasks. A look changes nothing.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plugins/docker/client/engine.hpp"
#include "plugins/docker/compose/model.hpp"
#include "plugins/docker/services/inspected.hpp"

namespace reconciler::docker {

/// A container as `inspect` shows it.
struct Seen {
  std::string id;
  std::string name;     ///< without the slash
  std::string service;  ///< Compose's label; empty where there is none
  int number = 0;
  bool oneoff = false;
  Json inspect;
  /// What is in it of the files that its service has copied in, where its labels cannot tell: made
  /// by others, or not known to have got them. Those that are there.
  std::optional<std::vector<ArchivedFile>> copied{};

  std::string state() const;  ///< created, running, paused, restarting, exited, dead, removing
  std::string image_id() const;
  std::string label(std::string_view key) const;
  bool up() const;       ///< running or restarting: a crash loop is up, and unwell
  bool stopped() const;  ///< created, exited or dead
  std::int64_t exit_code() const;
};

/// One image of the host.
struct SeenImage {
  std::string id;
  std::vector<std::string> tags;
  Json labels;
};

/// A network or volume of the host.
struct SeenThing {
  std::string id;  ///< networks only
  Json inspect;
};

struct Look {
  std::vector<Seen> containers;  ///< of the project, sorted by name
  std::vector<SeenImage> images;
  std::map<std::string, Json> image_configs;  ///< image ID -> its `Config` and `Platform`
  std::map<std::string, SeenThing> networks;  ///< by name: the project's, and those wanted
  std::map<std::string, SeenThing> volumes;

  const SeenImage* image_by_reference(std::string_view reference) const;
  const SeenImage* image_by_id(std::string_view id) const;
  const Json* image_config(const std::string& id) const;
  /// `linux/amd64`, `linux/arm/v7`; empty where that is not known.
  std::string image_platform(const std::string& id) const;
  const Seen* container_by_id(std::string_view id) const;
};

/// Image configurations by ID. An ID's configuration never changes, so an entry is right for ever.
class ImageConfigs {
 public:
  std::optional<Json> find(const std::string& id);
  void keep(const std::string& id, const Json& config);

 private:
  std::mutex mutex_;
  std::map<std::string, Json> configs_;
};

/// What to look at besides the lists.
struct Scope {
  bool all = true;                   ///< every container of the project is inspected
  std::set<std::string> services{};  ///< otherwise those of these services, and one-offs
  /// What was inspected before and is the same still is taken from there; null: all is asked.
  Inspected* inspected = nullptr;
};

/// Reads the Engine: containers by the project's label, images once, inspects over a few
/// connections at a time. Those that are wanted are inspected by name beside the list, and taken
/// where the list has their ID. Errors are the Engine's (`docker.unreachable`, ...).
Result<Look> look_at(Engine& engine, ImageConfigs& configs, const CompiledModel& model,
                     const Scope& scope, Deadline deadline);

/// The inspect of the service's container: NAME, or the one that a look takes for it; NAME.next
/// where it has yet to earn its name, or whatever others called it.
Result<Json> inspect_container(Engine& engine, const Container& container, Deadline deadline);

/// `portfolio-backend` and `docker.io/library/portfolio-backend:latest` as the Engine lists them:
/// `portfolio-backend:latest`; `redis@sha256:X` of `redis:7@sha256:X`.
std::string familiar_reference(std::string_view reference);

/// `redis@sha256:X`, with a tag or without: this very image, whatever its tags are given to.
bool is_by_digest(std::string_view reference);

/// What the Engine goes by, and what it calls such an image: a tag that stands beside a digest (as
/// `redis:7@sha256:X`) is only for people to read.
std::string without_idle_tag(std::string_view reference);

}  // namespace reconciler::docker
