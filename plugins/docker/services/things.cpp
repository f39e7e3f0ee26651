#include "plugins/docker/services/things.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "plugins/docker/services/mounts.hpp"
#include "plugins/docker/services/names.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

constexpr Duration call_time = std::chrono::seconds(60);

std::string word(const Json& value, std::string_view name, std::string_view otherwise) {
  const auto text = text_at(value, name);
  return text.empty() ? std::string(otherwise) : text;
}

Json part(const Json& value, std::string_view name) {
  const Json* found = member(value, name);
  return found ? without_empty(*found) : Json();
}

std::set<std::string> subnets(const Json& network) {
  std::set<std::string> all;
  const Json* ipam = member(network, "IPAM");
  const Json* configs = ipam ? member(*ipam, "Config") : nullptr;
  if (configs && configs->is_array())
    for (const Json& config : configs->as_array()) all.insert(text_at(config, "Subnet"));
  all.erase("");
  return all;
}

/// What of a network's definition differs, in words. Addresses that the Engine chose are right.
std::vector<std::string> differences(const Network& wanted, const Json& there) {
  std::vector<std::string> out;
  if (word(wanted.config, "Driver", "bridge") != word(there, "Driver", "bridge"))
    out.emplace_back("driver");
  for (const std::string_view flag : {"Internal", "EnableIPv6"})
    if (truth_at(wanted.config, flag) != truth_at(there, flag)) out.emplace_back(flag);
  if (const auto asked = subnets(wanted.config); !asked.empty() && asked != subnets(there))
    out.emplace_back("subnet");
  if (canonical(part(wanted.config, "Options")) != canonical(part(there, "Options")))
    out.emplace_back("driver options");
  return out;
}

std::vector<std::string> differences(const Volume& wanted, const Json& there) {
  std::vector<std::string> out;
  if (word(wanted.config, "Driver", "local") != word(there, "Driver", "local"))
    out.emplace_back("driver");
  if (canonical(part(wanted.config, "DriverOpts")) != canonical(part(there, "Options")))
    out.emplace_back("driver options");
  return out;
}

/// Whose it is by Compose's own label; empty where a person made it by hand.
std::string project_of(const Json& there) {
  const Json* labels = member(there, "Labels");
  return labels ? text_at(*labels, label::project) : "";
}

template <class Thing>
void observe_one(const Context& context, std::string_view kind, const Thing& wanted,
                 const ResourceId& id, const std::map<std::string, SeenThing>& there,
                 const std::string& model, const std::string& project, Observation& into,
                 std::vector<Error>& refused) {
  const auto found = there.find(wanted.name);
  if (wanted.external) {
    if (found == there.end())
      refused.push_back(error(fmt::format("{}.missing", kind),
                              fmt::format("the external {} {} is not there", kind, wanted.name))
                            .next(fmt::format("docker {} create {}", kind, wanted.name)));
    return;
  }
  Resource r;
  r.id = id;
  r.desired = context.digest(JsonObject{{"name", wanted.name}, {"config", wanted.config}});
  r.health = Health::none;
  r.ours = true;
  if (found != there.end()) {
    if (const auto owner = project_of(found->second.inspect); !owner.empty() && owner != project) {
      refused.push_back(
          error(fmt::format("{}.foreign", kind),
                fmt::format("{} {} belongs to the project {}, not to {}", kind, wanted.name, owner,
                            project))
              .next(fmt::format("give the {} another name in the compose file; or, where it is "
                                "meant to be shared: external: true",
                                kind)));
      return;
    }
    if (const auto fields = differences(wanted, found->second.inspect); !fields.empty()) {
      refused.push_back(
          error(fmt::format("{}.changed", kind),
                fmt::format("{} {} is there with another {}", kind, wanted.name, enumerate(fields)))
              .next(kind == "volume"
                        ? fmt::format(
                              "give the volume another name in the compose file; {} keeps its data",
                              wanted.name)
                        : fmt::format("give the network another name in the compose file, or "
                                      "remove {} by hand",
                                      wanted.name)));
      return;
    }
    r.observed = r.desired;
    r.state = "there";
  } else {
    r.state = "not there";
    r.reason = "not there";
    r.differences = {{std::string(kind), "none", "there"}};
    Work work;
    work.phase = Phase::start;
    work.verb = "create";
    work.targets = {id};
    work.input = JsonObject{{std::string(kind), wanted.name}, {"model", model}};
    work.calls = {fmt::format("POST /{}s/create {}", kind, wanted.name)};
    r.remedies[Aim::match] = {work};
    r.remedies[Aim::run] = {std::move(work)};
  }
  into.resources.push_back(std::move(r));
}

template <class Thing>
const Thing* named(const std::vector<Thing>& things, const std::string& name) {
  const auto found = std::ranges::find(things, name, &Thing::name);
  return found == things.end() ? nullptr : &*found;
}

Status create_one(Context& context, const std::string& collection, const std::string& name,
                  const Json& config) {
  const auto there =
      context.engine.get("/" + collection + "/" + url_encode(name), context.within(call_time));
  if (there) return {};  // someone was quicker, or an answer was lost
  if (there.error().code != "docker.not_found") return failure(there.error());
  JsonObject body = config.is_object() ? config.as_object() : JsonObject{};
  body["Name"] = name;
  const Json value(std::move(body));
  auto made = context.engine.change("POST", "/" + collection + "/create", &value,
                                    context.within(call_time));
  if (!made) return failed(made);
  return {};
}

}  // namespace

void observe_networks(const Context& context, const Observed& observed, Observation& into,
                      std::vector<Error>& refused) {
  for (const auto& network : observed.model.networks)
    observe_one(context, "network", network, network_id(network.name), observed.look.networks,
                observed.model.key, observed.model.project, into, refused);
}

void observe_volumes(const Context& context, const Observed& observed, Observation& into,
                     std::vector<Error>& refused) {
  for (const auto& volume : observed.model.volumes)
    observe_one(context, "volume", volume, volume_id(volume.name), observed.look.volumes,
                observed.model.key, observed.model.project, into, refused);
}

Status create_thing(Context& context, const CompiledModel& model, const Json& input) {
  if (const auto name = text_at(input, "network"); !name.empty())
    if (const Network* network = named(model.networks, name))
      return create_one(context, "networks", name, network->config);
  if (const auto name = text_at(input, "volume"); !name.empty())
    if (const Volume* volume = named(model.volumes, name))
      return create_one(context, "volumes", name, volume->config);
  return failure(
      error("plan.stale", "what was to be created is not in the compose files any more"));
}

}  // namespace reconciler::docker
