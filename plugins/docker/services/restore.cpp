#include "plugins/docker/services/restore.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "plugins/docker/services/endpoints.hpp"
#include "plugins/docker/services/ids.hpp"
#include "plugins/docker/services/names.hpp"
#include "plugins/docker/services/records.hpp"
#include "plugins/docker/services/state.hpp"
#include "plugins/docker/services/things.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

constexpr std::string_view prefix = "kept-";

Error not_kept(const Recorded& recorded, const std::string& what) {
  return error("rollback.not_kept",
               fmt::format("nothing was kept of how {} of {} was made", what, recorded.tag))
      .next(fmt::format("commit a tag for {}", recorded.id.text()));
}

/// Those that some container or task of the model uses, each the very image that was recorded.
std::vector<Image> recorded_images(const CompiledModel& model, const EnvironmentRecord& record) {
  std::vector<Image> out;
  for (Image image : model.images) {
    std::erase_if(image.services, [&](const std::string& service) {
      return !model.tasks.contains(service) &&
             std::ranges::find(model.containers, service, &Container::service) ==
                 model.containers.end();
    });
    const auto id = record.image_ids.find(image.reference);
    if (image.services.empty() || id == record.image_ids.end()) continue;
    image.id = id->second;
    image.pull_policy.clear();
    out.push_back(std::move(image));
  }
  return out;
}

}  // namespace

Result<CompiledModel> restored_model(const Context& context, const Recorded& recorded) {
  const RecordOwner owner{recorded.lineage, recorded.id, recorded.tag};
  const auto open = [&](const ResourceId& id) -> Result<Json> {
    const auto found = recorded.records.find(id);
    if (found == recorded.records.end()) return failure(not_kept(recorded, id.name));
    return open_record(context.key, owner, id, found->second.sealed);
  };
  const auto frame = std::ranges::find_if(
      recorded.records, [](const auto& one) { return one.first.kind == "record"; });
  if (frame == recorded.records.end()) return failure(not_kept(recorded, recorded.id.text()));
  auto frame_json = open(frame->first);
  if (!frame_json) return failed(frame_json);
  auto record = environment_record_from_json(*frame_json);
  if (!record) return failed(record);
  CompiledModel model = record->frame;
  for (const auto& name : record->services) {
    auto service = open(service_id(name));
    if (!service) return failed(service);
    auto one = service_record_from_json(*service);
    one.container.volumes = std::move(one.volumes);
    for (const auto key : {label::config_hash, label::compiled_hash})
      if (const auto found = one.labels.find(std::string(key)); found != one.labels.end())
        one.container.recorded_labels.insert(*found);
    one.container.fingerprint = fingerprint_of(one.container, context.key);
    model.containers.push_back(std::move(one.container));
  }
  model.images = recorded_images(model, *record);
  if (!model.key.starts_with(prefix)) model.key = std::string(prefix) + model.key;
  return model;
}

Status find_added_networks(const Context& context, CompiledModel& model, Deadline deadline) {
  std::map<std::string, std::string> ids;  // empty: gone
  for (auto& container : model.containers)
    for (auto& endpoint : container.endpoints) {
      if (std::ranges::find(model.networks, endpoint.network, &Network::name) !=
              model.networks.end() ||
          is_predefined_network(endpoint.network))
        continue;
      if (!ids.contains(endpoint.network)) {
        auto there = context.engine.get("/networks/" + url_encode(endpoint.network), deadline);
        if (!there && there.error().code != "docker.not_found") return failed(there);
        ids[endpoint.network] = there ? text_at(*there, "Id") : "";
      }
      endpoint.added = ids[endpoint.network];
    }
  std::set<std::string> gone;
  for (const auto& [name, id] : ids)
    if (id.empty()) gone.insert(name);
  for (auto& container : model.containers) {
    container.gone_networks = gone;
    std::erase_if(container.endpoints,
                  [&](const Endpoint& endpoint) { return gone.contains(endpoint.network); });
    container.fingerprint = fingerprint_of(container, context.key);
  }
  return {};
}

Status check_complete(const Context& context, const CompiledModel& model, const Origin& origin,
                      Deadline deadline) {
  std::vector<Error> gone;
  for (const auto& image : model.images) {
    auto there = context.engine.get("/images/" + image.id + "/json", deadline);
    if (there) continue;
    if (there.error().code != "docker.not_found") return failed(there);
    gone.push_back(image_gone(image));
  }
  check_objects(model, origin, gone);
  if (!gone.empty()) return failure(gather(std::move(gone)));
  return {};
}

Error image_gone(const Image& image) {
  return error("image.gone",
               fmt::format("image {} ({}) of {} is gone from the host", image.reference,
                           short_id(image.id), join(image.services, ", ")))
      .next("commit a tag: going back never builds and never pulls");
}

Step step_for(Step step, const CompiledModel& model) {
  const auto mend = [&](Work& work) {
    if (work.input.is_object() && work.input.get_object().contains("model"))
      work.input.get_object()["model"] = model.key;
  };
  mend(step.work);
  for (auto& work : step.then) mend(work);
  return step;
}

}  // namespace reconciler::docker
