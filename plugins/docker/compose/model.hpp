// The compiled model: the Engine calls that Compose would make on an empty Engine, in canonical
// form. It holds secret values (as the Engine itself does), so it is kept sealed and never shown.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "plugins/docker/client/tar.hpp"
#include "reconciler/base/clock.hpp"
#include "reconciler/base/json.hpp"
#include "reconciler/base/result.hpp"
#include "reconciler/base/sealed.hpp"

namespace reconciler::docker {

/// A container's place on one network: the body of `connect`'s EndpointConfig.
struct Endpoint {
  std::string network;  ///< the network's name on the Engine
  Json config;
  std::string added{};  ///< of a recorded version: the ID of a network that a person connected
};

/// `depends_on` of the resolved model.
struct Dependency {
  std::string service;
  std::string condition;  ///< service_started | service_healthy | service_completed_successfully
  bool restart = false;
  bool required = true;
};

struct Container {
  std::string service;
  int number = 1;
  std::string name;  ///< as Compose names it: `portfolio-backend-1`
  Json config;       ///< body of /containers/create but NetworkingConfig; lists sorted where order
                     ///< has no meaning; other containers as `@service:NAME:NUMBER`
  std::vector<Endpoint> endpoints;  ///< all networks, the one given at creation first
  std::vector<Dependency> depends_on;
  bool job = false;                   ///< it is well when it has exited 0
  std::string platform{};             ///< `linux/amd64`; empty: whatever the image has
  std::vector<ArchivedFile> files{};  ///< copied in after its creation, before its first start
  std::vector<Json> post_start{};     ///< bodies of exec calls: after each start, before each stop
  std::vector<Json> pre_stop{};
  /// Of a version that was recorded: its anonymous volumes, by target.
  std::map<std::string, std::string> volumes{};
  /// Of one: labels that were known when it was made alone, by Compose's help.
  std::map<std::string, std::string> recorded_labels{};
  /// Of one: networks that a person had connected then, and that are not there any more.
  std::set<std::string> gone_networks{};
  /// Keyed digest of all that it is made from, by the compiler: equal, equal containers.
  std::string fingerprint;
};

struct Network {
  std::string key;   ///< in the compose file
  std::string name;  ///< on the Engine
  Json config;       ///< body of /networks/create
  bool external = false;
};

struct Volume {
  std::string key;
  std::string name;
  Json config;  ///< body of /volumes/create
  bool external = false;
};

/// An image that services or tasks want.
struct Image {
  std::string reference;              ///< `portfolio-backend:v1.1.0`
  std::vector<std::string> services;  ///< who uses it (services and tasks)
  std::string build_service;          ///< the service whose `build` makes it; empty: it is pulled
  std::string inputs;                 ///< keyed digest of its build inputs; empty when pulled
  std::string pull_policy;            ///< Compose's word; empty: missing
  std::string platform;               ///< `linux/arm64`; empty: whatever the host has or gets
  std::string
      id{};  ///< of a version that was recorded: this very image, whatever the name stands for
};

struct CompiledModel {
  std::string key;  ///< of its inputs: equal keys, equal models
  std::string project;
  std::string commit;
  std::vector<Container> containers;  ///< in an order that obeys depends_on
  std::map<std::string, Container>
      tasks;  ///< services that steps run, by name, as `compose run` does
  std::vector<Network> networks;
  std::vector<Volume> volumes;
  std::vector<Image> images;
  Json resolved;  ///< what `docker compose -f -` is given on standard input
  std::map<std::string, std::string> sources;  ///< objects/OID -> its path in the tree, for words
  std::vector<std::string> data_folders;       ///< to be made before the switch; absolute
  /// Data folder -> objects/OID of git's placeholder folder (or file) that fills it once, when
  /// made.
  std::map<std::string, std::string> data_seeds;
  Duration patience{
      0};  ///< the slowest health check's start_period + retries x (interval + timeout)
};

/// The label of a container that files were copied into: their digest_of_files().
inline constexpr std::string_view files_label = "reconciler.files";
std::string digest_of_files(const std::vector<ArchivedFile>& files, const InstallationKey& key);

/// The label of a container that has hooks: their digest_of_hooks().
inline constexpr std::string_view hooks_label = "reconciler.hooks";
std::string digest_of_hooks(const Container& container, const InstallationKey& key);

/// What `Container::fingerprint` is to be.
std::string fingerprint_of(const Container& container, const InstallationKey& key);
Json to_json(const Container& container);
Container container_from_json(Json value);
Json to_json(const CompiledModel& model);
Result<CompiledModel> compiled_model_from_json(Json value);

}  // namespace reconciler::docker
