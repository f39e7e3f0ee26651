// Sealed records (ENGINE 25): what is kept of a version's containers, tasks and steps, so that it
// can be made again exactly as it was. They hold secret values, as the Engine itself does.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plugins/docker/compose/model.hpp"
#include "reconciler/base/sealed.hpp"
#include "reconciler/model/names.hpp"
#include "reconciler/model/resource.hpp"

namespace reconciler::docker {

/// Whose record a box is. It opens for this version of this environment of this installation, and
/// for the id that it was sealed as.
struct RecordOwner {
  std::string lineage;
  EnvironmentId environment;
  std::string tag;
};

/// One container of a service, as it stood when its version was recorded.
struct ServiceRecord {
  Container container;  ///< as compiled; `endpoints` with those that a person added
  std::string id;       ///< of the container on the Engine
  std::string image_id;
  std::map<std::string, std::string> volumes;  ///< anonymous ones, by target
  std::map<std::string, std::string> labels;   ///< ours, and Compose's of image and configuration
};

/// A container that was part of a recorded version, and how one that is made anew of it is known.
struct ContainerMark {
  std::string id;  ///< on the Engine
  std::string config_hash;
};

/// What a container is to do before it is stopped; small, for each look.
struct PreStopRecord {
  ContainerMark of;
  std::vector<Json> hooks;
};

/// The containers of a version that have no such hooks, all in one, by service_id():
/// that there are none is worth knowing, too, and a row for each would be read at each look.
using NoPreStopRecord = std::map<std::string, ContainerMark>;

/// What a version's containers have in common.
struct EnvironmentRecord {
  /// The compiled model without containers and resolved model: networks, volumes, images, sources
  /// (objects), data folders, and the tasks of steps that a way back may run.
  CompiledModel frame;
  std::string tag;
  std::map<std::string, std::string> image_ids;  ///< by reference
  std::vector<std::string> services;  ///< names of service records, in an order to start them in
};

/// `compose/service/web`: ServiceRecord; `compose/pre_stop/web`; `compose/no_pre_stop/PROJECT`;
/// `compose/record/PROJECT`.
ResourceId pre_stop_id(const Container& container);
ResourceId no_pre_stop_id(const CompiledModel& model);
ResourceId record_id(const CompiledModel& model);

Json to_json(const ServiceRecord& record);
Json to_json(const PreStopRecord& record);
Json to_json(const NoPreStopRecord& record);
Json to_json(const EnvironmentRecord& record);
ServiceRecord service_record_from_json(const Json& value);
PreStopRecord pre_stop_record_from_json(const Json& value);
NoPreStopRecord no_pre_stop_record_from_json(const Json& value);
Result<EnvironmentRecord> environment_record_from_json(const Json& value);

Result<Sealed> seal_record(const InstallationKey& key, const RecordOwner& owner,
                           const ResourceId& id, const Json& record);
/// `seal.broken` where it was changed or sealed for another owner, as another id, under another
/// key.
Result<Json> open_record(const InstallationKey& key, const RecordOwner& owner, const ResourceId& id,
                         const Sealed& sealed);

}  // namespace reconciler::docker
