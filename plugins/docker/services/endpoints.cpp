#include "plugins/docker/services/endpoints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "plugins/docker/services/mounts.hpp"
#include "plugins/docker/services/names.hpp"

namespace reconciler::docker {
namespace {

const Json& attached(const Json& inspect) {
  static const Json nothing;
  const Json* settings = member(inspect, "NetworkSettings");
  const Json* networks = settings ? member(*settings, "Networks") : nullptr;
  return networks && networks->is_object() ? *networks : nothing;
}

std::set<std::string> as_set(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

/// What the Engine adds to the aliases that were asked for, by version: short id, hostname, name.
std::set<std::string> added_by_engine(const Json& inspect) {
  std::set<std::string> added{text_at(inspect, "Id").substr(0, 12)};
  if (const Json* config = member(inspect, "Config")) added.insert(text_at(*config, "Hostname"));
  auto name = text_at(inspect, "Name");
  added.insert(name.substr(name.starts_with("/") ? 1 : 0));
  return added;
}

std::vector<std::string> asked_aliases(const Json& endpoint, const Json& inspect,
                                       const std::set<std::string>& wanted) {
  const auto added = added_by_engine(inspect);
  std::vector<std::string> asked;
  for (auto& alias : texts_at(endpoint, "Aliases"))
    if (wanted.contains(alias) || !added.contains(alias)) asked.push_back(std::move(alias));
  return asked;
}

/// As the Engine writes it.
std::string mac_address(const Json& endpoint) {
  auto text = text_at(endpoint, "MacAddress");
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// What is wanted of one that version 1 made: its alias is not yet the name that it goes without.
std::set<std::string> wanted_aliases(const Json& wanted, const Container& container,
                                     const Json& inspect) {
  auto aliases = as_set(texts_at(wanted, "Aliases"));
  const Json& labels = member_or_null(member_or_null(inspect, "Config"), "Labels");
  if (is_of_version_1(labels) && text_at(inspect, "Name") != "/" + container.name)
    aliases.erase(container.name);
  return aliases;
}

bool same_endpoint(const Json& before, const Json& wanted, const Container& container,
                   const Json& inspect) {
  const auto aliases = wanted_aliases(wanted, container, inspect);
  if (as_set(asked_aliases(before, inspect, aliases)) != aliases) return false;
  if (as_set(texts_at(before, "Links")) != as_set(texts_at(wanted, "Links"))) return false;
  for (const std::string_view field : {"IPAMConfig", "DriverOpts"})
    if (canonical(member_without_empty(before, field)) !=
        canonical(member_without_empty(wanted, field)))
      return false;
  // An Engine before 28 has no such thing, and drops it without a word.
  if (member(before, "GwPriority") && canonical(member_without_empty(before, "GwPriority")) !=
                                          canonical(member_without_empty(wanted, "GwPriority")))
    return false;
  const auto mac = mac_address(wanted);
  const auto there = mac_address(before);  // empty once it has stopped
  return mac.empty() || there.empty() || mac == there;
}

/// What the network is now; empty where it is not there.
std::string id_of(const Endpoint& endpoint, const std::map<std::string, SeenThing>& networks) {
  if (!endpoint.added.empty()) return endpoint.added;
  const auto found = networks.find(endpoint.network);
  return found == networks.end() ? "" : found->second.id;
}

}  // namespace

bool is_predefined_network(std::string_view name) {
  return name == "host" || name == "none" || name == "bridge";
}

void compare_endpoints(const Container& wanted, const Json& inspect, const Surroundings& around,
                       std::vector<Difference>& out) {
  const Json& there = attached(inspect);
  std::set<std::string> names;
  for (const auto& endpoint : wanted.endpoints) {
    names.insert(endpoint.network);
    const Json* before = member(there, endpoint.network);
    const auto field = fmt::format("network {}", endpoint.network);
    if (!before) {
      if (!is_predefined_network(endpoint.network))
        out.push_back({field, "not connected", "connected"});
      continue;
    }
    // A network made anew under the same name is another network.
    const auto id = text_at(*before, "NetworkID");
    // One that was never started is on no network yet: it finds it by name.
    if (around.networks && !is_predefined_network(endpoint.network) && !id.empty() &&
        id_of(endpoint, *around.networks) != id)
      out.push_back({field, "removed", "connected"});
    else if (!same_endpoint(*before, endpoint.config, wanted, inspect))
      out.push_back({field, "connected otherwise", "connected"});
  }
  if (!there.is_object()) return;
  for (const auto& [name, endpoint] : there.as_object()) {
    const std::string network(name);
    // Networks of the project are the compose file's to say; of others, a person's.
    if (!names.contains(network) && around.networks && around.networks->contains(network))
      out.push_back({fmt::format("network {}", network), "connected", "not connected"});
  }
}

std::vector<Endpoint> extra_endpoints(const Container& wanted, const Json& inspect,
                                      const std::map<std::string, SeenThing>& project_networks) {
  std::vector<Endpoint> extra;
  const Json& there = attached(inspect);
  if (!there.is_object()) return extra;
  for (const auto& [name, endpoint] : there.as_object()) {
    const std::string network(name);
    const bool is_wanted = std::ranges::any_of(
        wanted.endpoints, [&](const Endpoint& one) { return one.network == network; });
    if (is_wanted || wanted.gone_networks.contains(network) || is_predefined_network(network) ||
        project_networks.contains(network))
      continue;
    JsonObject config;
    if (const auto aliases = asked_aliases(endpoint, inspect, {}); !aliases.empty())
      config["Aliases"] = reconciler::to_json(aliases);
    extra.push_back({network, Json(std::move(config))});
  }
  return extra;
}

}  // namespace reconciler::docker
