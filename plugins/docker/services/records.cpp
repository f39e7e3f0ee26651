#include "plugins/docker/services/records.hpp"

#include "plugins/docker/services/names.hpp"
#include "plugins/docker/services/resources.hpp"

namespace reconciler::docker {
namespace {

ContainerMark container_mark_from(const Json& value) {
  return {text_at(value, "id"), text_at(value, "config_hash")};
}

/// One spelling for one owner and id, whatever is in the names.
std::string purpose_of(const RecordOwner& owner, const ResourceId& id) {
  return canonical(JsonArray{Json("sealed record"), Json(owner.lineage),
                             Json(owner.environment.text()), Json(owner.tag), Json(id.driver),
                             Json(id.kind), Json(id.name)});
}

}  // namespace

ResourceId pre_stop_id(const Container& container) {
  return {std::string(driver_name), "pre_stop", service_id(container).name};
}

ResourceId no_pre_stop_id(const CompiledModel& model) {
  return {std::string(driver_name), "no_pre_stop", model.project};
}

ResourceId record_id(const CompiledModel& model) {
  return {std::string(driver_name), "record", model.project};
}

Json to_json(const ServiceRecord& record) {
  return JsonObject{{"container", to_json(record.container)},
                    {"id", record.id},
                    {"image_id", record.image_id},
                    {"volumes", reconciler::to_json(record.volumes)},
                    {"labels", reconciler::to_json(record.labels)}};
}

Json to_json(const PreStopRecord& record) {
  return JsonObject{{"id", record.of.id},
                    {"config_hash", record.of.config_hash},
                    {"hooks", JsonArray(record.hooks.begin(), record.hooks.end())}};
}

Json to_json(const NoPreStopRecord& record) {
  JsonObject all;
  for (const auto& [name, container] : record)
    all[name] = JsonObject{{"id", container.id}, {"config_hash", container.config_hash}};
  return all;
}

Json to_json(const EnvironmentRecord& record) {
  return JsonObject{{"frame", to_json(record.frame)},
                    {"tag", record.tag},
                    {"image_ids", reconciler::to_json(record.image_ids)},
                    {"services", reconciler::to_json(record.services)}};
}

ServiceRecord service_record_from_json(const Json& value) {
  return {container_from_json(member_or_null(value, "container")), text_at(value, "id"),
          text_at(value, "image_id"), text_map_at(value, "volumes"), text_map_at(value, "labels")};
}

PreStopRecord pre_stop_record_from_json(const Json& value) {
  PreStopRecord record{container_mark_from(value), {}};
  if (const Json& hooks = member_or_null(value, "hooks"); hooks.is_array())
    record.hooks.assign(hooks.get_array().begin(), hooks.get_array().end());
  return record;
}

NoPreStopRecord no_pre_stop_record_from_json(const Json& value) {
  NoPreStopRecord record;
  if (const auto* all = value.if_object())
    for (const auto& [name, container] : *all) record[name] = container_mark_from(container);
  return record;
}

Result<EnvironmentRecord> environment_record_from_json(const Json& value) {
  auto frame = compiled_model_from_json(member_or_null(value, "frame"));
  if (!frame) return failed(frame);
  return EnvironmentRecord{std::move(*frame), text_at(value, "tag"),
                           text_map_at(value, "image_ids"), texts_at(value, "services")};
}

Result<Sealed> seal_record(const InstallationKey& key, const RecordOwner& owner,
                           const ResourceId& id, const Json& record) {
  return seal(key, purpose_of(owner, id), boost::json::serialize(record));
}

Result<Json> open_record(const InstallationKey& key, const RecordOwner& owner, const ResourceId& id,
                         const Sealed& sealed) {
  auto plain = unseal(key, purpose_of(owner, id), sealed);
  if (!plain) return failed(plain);
  return parse_json(*plain);
}

}  // namespace reconciler::docker
