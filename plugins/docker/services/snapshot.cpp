#include "plugins/docker/services/snapshot.hpp"

#include "plugins/docker/compose/canonical_form.hpp"
#include "plugins/docker/services/mounts.hpp"
#include "plugins/docker/services/names.hpp"
#include "plugins/docker/services/resources.hpp"
#include "plugins/docker/services/things.hpp"

namespace reconciler::docker {
namespace {

std::map<std::string, std::string> labels_of(const Seen& seen) {
  std::map<std::string, std::string> out;
  const Json& labels = member_or_null(member_or_null(seen.inspect, "Config"), "Labels");
  if (!labels.is_object()) return out;
  for (const auto& [key, value] : labels.get_object()) {
    const std::string_view name = key;
    if (name.starts_with(label::own_prefix) || name == label::image || name == label::config_hash)
      out[std::string(name)] = text_at(labels, name);
  }
  return out;
}

ServiceRecord record_of(const Place& place, const Look& look) {
  const Seen& seen = *place.current;
  ServiceRecord record{*place.wanted, seen.id, seen.image_id(), anonymous_volumes(seen.inspect),
                       labels_of(seen)};
  record.container.endpoints = all_endpoints(place, look);
  return record;
}

/// Of the resolved model, how many containers each service is to have: more are surplus.
Json how_many(const CompiledModel& model) {
  JsonObject services;
  const Json& all = member_or_null(model.resolved, "services");
  if (all.is_object())
    for (const auto& [name, service] : all.get_object())
      services[name] = JsonObject{{"scale", replicas_of(service)}};
  return JsonObject{{"services", std::move(services)}};
}

EnvironmentRecord record_of(const CompiledModel& model, const Look& look, const Json& version) {
  EnvironmentRecord record;
  record.frame = model;
  record.frame.containers.clear();
  record.frame.resolved = how_many(model);
  record.frame.tasks.clear();
  for (const auto& name : texts_at(version, "tasks"))
    if (const auto task = model.tasks.find(name); task != model.tasks.end())
      record.frame.tasks.insert(*task);
  record.tag = text_at(version, "tag");
  for (const auto& image : model.images)
    if (!image.id.empty())
      record.image_ids[image.reference] = image.id;
    else if (const SeenImage* seen = look.image_by_reference(image.reference))
      record.image_ids[image.reference] = seen->id;
  for (const auto& container : model.containers)
    record.services.push_back(service_id(container).name);
  return record;
}

}  // namespace

Result<SealedRecords> snapshot_of(const Context& context, const EnvironmentId& id,
                                  const CompiledModel& model, const Look& look,
                                  const Json& version) {
  const RecordOwner owner{text_at(version, "lineage"), id, text_at(version, "tag")};
  SealedRecords all;
  Status done;
  const auto keep = [&](const ResourceId& of, const Json& record, bool at_each_look) {
    auto sealed = seal_record(context.key, owner, of, record);
    if (sealed)
      all[of] = {std::move(*sealed), at_each_look};
    else if (done)
      done = failed(sealed);
  };
  NoPreStopRecord without_pre_stop;
  for (const auto& place : place_all(model, look, {{}, changed_networks(model, look)})) {
    if (!place.current || !place.differences.empty()) continue;
    const auto record = record_of(place, look);
    keep(service_id(*place.wanted), to_json(record), false);
    const ContainerMark of{record.id, place.current->label(label::config_hash)};
    if (place.wanted->pre_stop.empty())
      without_pre_stop[service_id(*place.wanted).name] = of;
    else
      keep(pre_stop_id(*place.wanted), to_json(PreStopRecord{of, place.wanted->pre_stop}), true);
  }
  if (!without_pre_stop.empty()) keep(no_pre_stop_id(model), to_json(without_pre_stop), true);
  keep(record_id(model), to_json(record_of(model, look, version)), false);
  if (!done) return failed(done);
  return all;
}

}  // namespace reconciler::docker
