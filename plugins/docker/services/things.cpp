#include "plugins/docker/services/things.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "plugins/docker/services/mounts.hpp"
#include "plugins/docker/services/names.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

std::string word(const Json& value, std::string_view name, std::string_view otherwise) {
  const auto text = text_at(value, name);
  return text.empty() ? std::string(otherwise) : text;
}

const Json& ipam_configs(const Json& network) {
  return member_or_null(member_or_null(network, "IPAM"), "Config");
}

/// Each address range that is asked for is there, in what is asked of it; the Engine chooses what
/// is left out, and ranges of its own where none is asked for.
bool has_ranges(const Json& wanted, const Json& there) {
  const Json& asked = ipam_configs(wanted);
  const Json& given = ipam_configs(there);
  if (!asked.is_array() || asked.get_array().empty()) return true;
  if (!given.is_array() || given.get_array().size() < asked.get_array().size()) return false;
  return std::ranges::all_of(asked.get_array(), [&](const Json& one) {
    const Json fields = without_empty(one);
    return std::ranges::any_of(given.get_array(), [&](const Json& other) {
      if (!fields.is_object()) return true;
      return std::ranges::all_of(fields.get_object(), [&](const auto& pair) {
        const Json* found = member(other, pair.key());
        return found && canonical(*found) == canonical(pair.value());
      });
    });
  });
}

Json own_labels(const Json& thing) {
  JsonObject out;
  if (const Json& labels = member_or_null(thing, "Labels"); labels.is_object())
    for (const auto& [key, value] : labels.get_object())
      if (!key.starts_with("com.docker.compose.") && !key.starts_with("reconciler."))
        out[key] = value;
  return Json(std::move(out));
}

/// What of a network's definition differs, in words.
std::vector<std::string> differences(const Network& wanted, const Json& there) {
  std::vector<std::string> out;
  if (word(wanted.config, "Driver", "bridge") != word(there, "Driver", "bridge"))
    out.emplace_back("driver");
  for (const auto& [flag, name] :
       {std::pair("Internal", "internal"), std::pair("EnableIPv6", "enable_ipv6"),
        std::pair("Attachable", "attachable")})
    // Version 1 makes every network attachable, which means nothing on one host.
    if (truth_at(wanted.config, flag) != truth_at(there, flag) &&
        !(name == std::string_view("attachable") && truth_at(there, flag) &&
          is_of_version_1(member_or_null(there, "Labels"))))
      out.emplace_back(name);
  // Only later Engines can do without.
  if (member(wanted.config, "EnableIPv4") && member(there, "EnableIPv4") &&
      !member(wanted.config, "EnableIPv4")->is_null() &&
      truth_at(wanted.config, "EnableIPv4") != truth_at(there, "EnableIPv4"))
    out.emplace_back("enable_ipv4");
  if (!has_ranges(wanted.config, there)) out.emplace_back("ipam");
  if (canonical(member_without_empty(member_or_null(wanted.config, "IPAM"), "Options")) !=
      canonical(member_without_empty(member_or_null(there, "IPAM"), "Options")))
    out.emplace_back("ipam options");
  if (canonical(member_without_empty(wanted.config, "Options")) !=
      canonical(member_without_empty(there, "Options")))
    out.emplace_back("driver options");
  if (canonical(own_labels(wanted.config)) != canonical(own_labels(there)))
    out.emplace_back("labels");
  return out;
}

/// Its labels have no part in what it holds, and it cannot be given others without its data.
std::vector<std::string> differences(const Volume& wanted, const Json& there) {
  std::vector<std::string> out;
  if (word(wanted.config, "Driver", "local") != word(there, "Driver", "local"))
    out.emplace_back("driver");
  if (canonical(member_without_empty(wanted.config, "DriverOpts")) !=
      canonical(member_without_empty(there, "Options")))
    out.emplace_back("driver options");
  return out;
}

/// Whose it is by Compose's own label; empty where a person made it by hand.
std::string project_of(const Json& there) {
  const Json* labels = member(there, "Labels");
  return labels ? text_at(*labels, label::project) : "";
}

/// Another project's, or nobody's: made by hand, for whatever purpose.
bool foreign(const Json& there, const std::string& project) {
  return project_of(there) != project;
}

/// Made anew: with what is on it as one change, or by itself where nothing is.
void change_network(const Context& context, const Network& wanted, const Observed& observed,
                    const SeenThing& there, const std::vector<std::string>& fields, Resource& r) {
  r.observed = context.digest(JsonObject{{"id", there.id}});
  r.state = "there with other settings";
  for (const auto& field : fields) r.differences.push_back({field, "", ""});
  const bool used = std::ranges::any_of(observed.model.containers, [&](const Container& container) {
    return std::ranges::any_of(container.endpoints, [&](const Endpoint& endpoint) {
      return endpoint.network == wanted.name;
    });
  });
  if (used) return;
  Work work;
  work.verb = "create";
  work.targets = {r.id};
  work.input = JsonObject{{"network", wanted.name}, {"anew", true}, {"model", observed.model.key}};
  work.calls = {"DELETE /networks " + wanted.name, "POST /networks/create " + wanted.name};
  r.remedies[Aim::match] = {std::move(work)};
}

void change_volume(const Volume& wanted, const std::vector<std::string>& fields,
                   std::vector<Error>& refused) {
  refused.push_back(
      error("volume.changed",
            fmt::format("volume {} is there with another {}", wanted.name, enumerate(fields)))
          .next(fmt::format("give the volume another name in the compose file; {} keeps its data",
                            wanted.name)));
}

template <class Thing>
void observe_one(const Context& context, std::string_view kind, const Thing& wanted,
                 const ResourceId& id, const std::map<std::string, SeenThing>& there,
                 const Observed& observed, Observation& into, std::vector<Error>& refused) {
  const std::string& model = observed.model.key;
  const std::string& project = observed.model.project;
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
    if (foreign(found->second.inspect, project)) {
      refused.push_back(
          error(
              fmt::format("{}.foreign", kind),
              project_of(found->second.inspect).empty()
                  ? fmt::format("{} {} is there already, and no project made it", kind, wanted.name)
                  : fmt::format("{} {} belongs to the project {}, not to {}", kind, wanted.name,
                                project_of(found->second.inspect), project))
              .next(fmt::format("give the {} another name in the compose file; or, where it is "
                                "meant to be shared: external: true",
                                kind)));
      return;
    }
    const auto fields = differences(wanted, found->second.inspect);
    if (!fields.empty()) {
      if constexpr (std::is_same_v<Thing, Volume>) {
        change_volume(wanted, fields, refused);
      } else {
        change_network(context, wanted, observed, found->second, fields, r);
        into.resources.push_back(std::move(r));
      }
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
const Thing* thing_named(const std::vector<Thing>& things, const std::string& name) {
  const auto found = std::ranges::find(things, name, &Thing::name);
  return found == things.end() ? nullptr : &*found;
}

/// By whom it was made, as containers say it.
Json with_labels(Json labels, const Creation& creation) {
  JsonObject all = labels.is_object() ? std::move(labels.get_object()) : JsonObject{};
  all[label::environment] = creation.environment.text();
  all[label::lineage] = creation.lineage;
  all[label::attempt] = creation.attempt;
  return Json(std::move(all));
}

Status create_one(Context& context, const std::string& collection, const std::string& name,
                  const Json& config) {
  const auto ask = [&] {
    return context.engine.get("/" + collection + "/" + url_encode(name), context.within(call_time));
  };
  const auto there = ask();
  if (there) return {};  // someone was quicker, or an answer was lost
  if (there.error().code != "docker.not_found") return failure(there.error());
  JsonObject body = config.is_object() ? config.as_object() : JsonObject{};
  body["Name"] = name;
  const Json value(std::move(body));
  auto made = context.engine.change("POST", "/" + collection + "/create", &value,
                                    context.within(call_time));
  if (!made && made.error().code == "docker.conflict" && ask()) return {};  // quicker by a moment
  if (!made) return failed(made);
  return {};
}

}  // namespace

Status remove_network(Context& context, const std::string& name) {
  auto done = context.engine.change("DELETE", "/networks/" + url_encode(name), nullptr,
                                    context.within(call_time));
  if (done || done.error().code == "docker.not_found") return {};
  if (done.error().code != "docker.error" && done.error().code != "docker.conflict")
    return failed(done);
  return failure(
      error("network.in_use", fmt::format("network {} cannot be made anew: it is in use", name))
          .with("engine", done.error().message)
          .next("docker network inspect " + name));
}

std::set<std::string> changed_networks(const CompiledModel& model, const Look& look) {
  std::set<std::string> out;
  for (const auto& network : model.networks) {
    const auto found = look.networks.find(network.name);
    if (network.external || found == look.networks.end() ||
        foreign(found->second.inspect, model.project))
      continue;
    if (!differences(network, found->second.inspect).empty()) out.insert(network.name);
  }
  return out;
}

Status check_users(const Context& context, const std::string& network,
                   const std::set<std::string>& own) {
  // Those that are stopped too: they could not be started on another network of that name.
  const JsonObject filter{{"network", JsonArray{Json(network)}}};
  auto users = context.engine.get("/containers/json?all=1&filters=" + url_encode(canonical(filter)),
                                  context.within(call_time));
  if (!users) return failed(users);
  std::vector<std::string> others;
  if (users->is_array())
    for (const Json& user : users->get_array())
      if (!own.contains(text_at(user, "Id"))) {
        const auto names = texts_at(user, "Names");
        others.push_back(names.empty() ? text_at(user, "Id") : names.front().substr(1));
      }
  if (others.empty()) return {};
  return failure(
      error("network.in_use",
            fmt::format("network {} is to be made anew, and {} {} on it, which no compose file of "
                        "this environment names",
                        network, enumerate(others), others.size() == 1 ? "is" : "are"))
          .next(fmt::format("docker network disconnect -f {} {}", network, others.front())));
}

void observe_networks(const Context& context, const Observed& observed, Observation& into,
                      std::vector<Error>& refused) {
  for (const auto& network : observed.model.networks)
    observe_one(context, "network", network, network_id(network.name), observed.look.networks,
                observed, into, refused);
}

void observe_volumes(const Context& context, const Observed& observed, Observation& into,
                     std::vector<Error>& refused) {
  for (const auto& volume : observed.model.volumes)
    observe_one(context, "volume", volume, volume_id(volume.name), observed.look.volumes, observed,
                into, refused);
}

Status create_thing(Context& context, const CompiledModel& model, const Json& input,
                    const Creation& creation) {
  if (const auto name = text_at(input, "network"); !name.empty())
    if (const Network* network = thing_named(model.networks, name)) {
      if (truth_at(input, "anew")) {
        if (auto gone = remove_network(context, name); !gone) return gone;
      }
      JsonObject config = network->config.is_object() ? network->config.get_object() : JsonObject{};
      config["Labels"] = with_labels(member_or_null(network->config, "Labels"), creation);
      return create_one(context, "networks", name, Json(std::move(config)));
    }
  if (const auto name = text_at(input, "volume"); !name.empty())
    if (const Volume* volume = thing_named(model.volumes, name))
      return create_one(context, "volumes", name, volume->config);
  return failure(
      error("plan.stale", "what was to be created is not in the compose files any more"));
}

}  // namespace reconciler::docker
