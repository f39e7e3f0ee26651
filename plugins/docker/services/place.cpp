#include "plugins/docker/services/place.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>

#include "plugins/docker/services/endpoints.hpp"
#include "plugins/docker/services/mounts.hpp"
#include "plugins/docker/services/names.hpp"
#include "plugins/docker/services/state.hpp"
#include "reconciler/base/parallel.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

constexpr std::string_view service_prefix = "@service:";

std::string symbol(const std::string& service, int number) {
  return std::string(service_prefix) + service + ":" + std::to_string(number);
}

/// The services that texts like `container:@service:web:1` and `@service:web:1:ro` name.
std::set<std::string> services_in(std::vector<std::string> references) {
  std::set<std::string> services;
  for (std::string& one : references) {
    if (one.starts_with("container:")) one.erase(0, 10);
    if (!one.starts_with(service_prefix)) continue;
    if (const auto parts = split(one, ':'); parts.size() >= 2) services.insert(parts[1]);
  }
  return services;
}

/// The one stray whose name ends so, where nobody has that role.
void take_stray(Place& place, const Seen*& role, const std::string& suffix) {
  const auto ends = [&](const Seen* seen) { return seen->name.ends_with(suffix); };
  if (role || std::ranges::count_if(place.strays, ends) != 1) return;
  const auto found = std::ranges::find_if(place.strays, ends);
  role = *found;
  place.strays.erase(found);
}

/// It goes on under the name that it has; the container that takes its place some day has ours.
bool has_name_of_version_1(const Place& place) {
  const Json& labels = member_or_null(member_or_null(place.current->inspect, "Config"), "Labels");
  return is_of_version_1(labels) && place.current->name == name_of_version_1(*place.wanted);
}

std::int64_t attempt_of(const Seen& seen) {
  return std::atoll(seen.label(label::attempt).c_str());
}

/// Of two that exchange names neither serves; one that does, and was made after the kept one, was
/// to get another name when that was cut off.
bool is_newer(const Seen& stray, const Seen& kept) {
  return stray.up() && attempt_of(stray) > attempt_of(kept);
}

bool is_restart_policy(const Difference& difference) {
  return difference.field == "restart";
}

bool is_name(const Difference& difference) {
  return difference.field == "name";
}

/// When it was started, to be compared with others': seconds and nanoseconds.
std::pair<std::int64_t, std::int64_t> started_at(const Seen& seen) {
  const auto text = text_at(member_or_null(seen.inspect, "State"), "StartedAt");
  const auto time = engine_time(text);
  if (!time) return {0, 0};
  std::string fraction = text.size() > 20 && text[19] == '.' ? text.substr(20) : "";
  fraction.erase(std::min(fraction.find_first_not_of("0123456789"), fraction.size()));
  fraction.resize(9, '0');
  return {std::chrono::duration_cast<std::chrono::seconds>(time->time_since_epoch()).count(),
          std::atoll(fraction.c_str())};
}

class Judge {
 public:
  Judge(const CompiledModel& model, const Look& look, const Changing& changing)
      : look_(look), changing_(changing) {
    for (const auto& image : model.images)
      if (!image.id.empty()) recorded_[image.reference] = image.id;
  }

  /// `replaced`: services that will have another container soon.
  void judge(Place& place, const std::vector<Place>& all,
             const std::set<std::string>& replaced) const {
    const auto reference = text_at(place.wanted->config, "Image");
    const SeenImage* image = look_.image_by_reference(reference);
    const auto soon = changing_.images.find(reference);
    const auto recorded = recorded_.find(reference);
    place.image_id = recorded != recorded_.end()      ? recorded->second
                     : soon != changing_.images.end() ? soon->second
                     : image                          ? image->id
                                                      : "";
    if (place.current) {
      place.differences = compare(*place.wanted, place.current->inspect,
                                  around(place, place.current, all, replaced));
      for (const auto& endpoint : place.wanted->endpoints)
        if (changing_.networks.contains(endpoint.network))
          place.differences.push_back({"network " + endpoint.network, "as it is", "made anew"});
      find_stale_lender(place, all, replaced);
      if (place.hooks_are_due())
        place.differences.push_back({"post_start hooks", "not through", "run"});
      else if (place.current->name != place.wanted->name && !has_name_of_version_1(place))
        place.differences.push_back({"name", place.current->name, place.wanted->name});
    }
    if (place.next) place.next_is_right = is_right(place, all, replaced);
    if (place.prev) place.prev_is_right = prev_is_right(place, all, replaced);
  }

 private:
  /// Up, with a namespace of which nothing is left but `lo` (ENGINE 18).
  static void find_stale_lender(Place& place, const std::vector<Place>& all,
                                const std::set<std::string>& replaced) {
    place.stale_lender = false;
    const auto from = namespace_lenders(*place.wanted);
    if (from.empty() || !place.current->up() || !place.differences.empty()) return;
    for (const auto& other : all) {
      const auto& service = other.wanted->service;
      if (!from.contains(service) || replaced.contains(service) || !other.current ||
          !other.current->up() || started_at(*place.current) >= started_at(*other.current))
        continue;
      place.stale_lender = true;
      place.differences.push_back(
          {"namespace of " + service, "from before it was started anew", "its own"});
      return;
    }
  }

  Surroundings around(const Place& place, const Seen* container, const std::vector<Place>& all,
                      const std::set<std::string>& replaced) const {
    Surroundings around;
    around.wanted_image_id = place.image_id;
    const auto soon = changing_.images.find(text_at(place.wanted->config, "Image"));
    around.image_will_change = soon != changing_.images.end() && soon->second.empty();
    // Until the wanted image is here, the one that runs stands for it: what the compose file says
    // is compared all the same.
    around.wanted_image = look_.image_config(place.image_id);
    if (!around.wanted_image) around.wanted_image = look_.image_config(container->image_id());
    around.container_reference = [&all, replaced](std::string_view id) -> std::string {
      for (const auto& other : all) {
        // Of one that is replaced, the new container is the one to refer to, as far as it is made.
        const bool soon_gone = replaced.contains(other.wanted->service);
        const Seen* stands = !soon_gone            ? other.current
                             : other.next_is_right ? other.next
                             : other.prev_is_right ? other.prev
                                                   : nullptr;
        if (stands && stands->id == id) return symbol(other.wanted->service, other.wanted->number);
      }
      return "";
    };
    around.copied_files = container->copied ? &*container->copied : nullptr;
    around.networks = &look_.networks;
    around.volumes = &look_.volumes;
    return around;
  }

  bool is_right(const Place& place, const std::vector<Place>& all,
                const std::set<std::string>& replaced) const {
    const Seen& next = *place.next;
    if (next.state() != "created" || place.image_id.empty()) return false;
    if (!compare(*place.wanted, next.inspect, around(place, place.next, all, replaced)).empty())
      return false;
    if (place.current)
      for (const auto& extra :
           extra_endpoints(*place.wanted, place.current->inspect, look_.networks))
        if (!member(member_or_null(member_or_null(next.inspect, "NetworkSettings"), "Networks"),
                    extra.network))
          return false;
    // It must carry on with the very volumes of the container that it follows.
    const auto own = volumes(next);
    for (const Seen* donor : {place.prev, place.current, place.last_of_it()})
      if (donor)
        for (const auto& [target, name] : volumes(*donor))
          if (const auto found = own.find(target); found != own.end() && found->second != name)
            return false;
    return true;
  }

  /// The very container that ran before: it can serve again. One whose network is made anew, or is
  /// gone, cannot be started.
  bool prev_is_right(const Place& place, const std::vector<Place>& all,
                     const std::set<std::string>& replaced) const {
    const Seen& prev = *place.prev;
    if (place.image_id.empty() || prev.state() == "created" || prev.state() == "dead") return false;
    for (const auto& endpoint : place.wanted->endpoints)
      if (changing_.networks.contains(endpoint.network)) return false;
    const Json& networks =
        member_or_null(member_or_null(prev.inspect, "NetworkSettings"), "Networks");
    for (const auto& network : place.wanted->gone_networks)
      if (member(networks, network)) return false;
    auto differences =
        compare(*place.wanted, prev.inspect, around(place, place.prev, all, replaced));
    std::erase_if(differences, is_restart_policy);
    return differences.empty();
  }

  static std::map<std::string, std::string> volumes(const Seen& seen) {
    return anonymous_volumes(seen.inspect);
  }

  const Look& look_;
  const Changing& changing_;
  std::map<std::string, std::string> recorded_;  ///< image IDs by reference, where they are fixed
};

}  // namespace

bool Place::hooks_are_due() const {
  return current && !wanted->post_start.empty() && current->name != wanted->name &&
         current->name.ends_with(next_name(""));
}

bool Place::only_restart_policy() const {
  if (!current || current->name != wanted->name || differences.size() != 1 ||
      !is_restart_policy(differences.front()))
    return false;
  // Where the compose file asks for another one, Compose's hash is another, too.
  const Json& labels = member_or_null(wanted->config, "Labels");
  const auto hash = current->label(label::compiled_hash);
  return (hash.empty() ? current->label(label::config_hash) : hash) ==
         text_at(labels, label::config_hash);
}

bool Place::keeps_container() const {
  if (!current || differences.size() > 1) return false;
  if (differences.empty() || only_joins_anew() || only_restart_policy()) return true;
  // By what the difference is, not by the name that it has: one that version 1 of Compose named is
  // called otherwise without a difference, and goes on only where nothing else is to change.
  return (is_name(differences.front()) || hooks_are_due()) && !never_ran();
}

bool Place::never_ran() const {
  if (!current || current->state() != "created") return false;
  const Json* state = member(current->inspect, "State");
  const auto started = state ? text_at(*state, "StartedAt") : "";
  return started.empty() || started.starts_with("0001-");
}

/// It is there to be asked: it publishes ports, or tells how it does.
bool serves(const Container& wanted) {
  const Json& ports = member_or_null(member_or_null(wanted.config, "HostConfig"), "PortBindings");
  if (ports.is_object() && !ports.get_object().empty()) return true;
  const auto test = texts_at(member_or_null(wanted.config, "Healthcheck"), "Test");
  return !test.empty() && test.front() != "NONE";
}

bool has_finished(const Container& wanted, const Seen& seen) {
  if (seen.state() != "exited" || seen.exit_code() != 0) return false;
  if (!wanted.job && serves(wanted)) return false;
  const auto name =
      text_at(member_or_null(member_or_null(seen.inspect, "HostConfig"), "RestartPolicy"), "Name");
  return wanted.job || name.empty() || name == "no" || name == "on-failure";
}

bool Place::finished() const {
  if (!current || !has_finished(*wanted, *current)) return false;
  // The way back to it was cut: it was stopped for the one that failed, and is yet to be started.
  return wanted->job || !failed || started_at(*failed) < started_at(*current);
}

bool Place::ended_for_good() const {
  if (!current || finished() || current->state() != "exited") return false;
  const auto name = text_at(
      member_or_null(member_or_null(current->inspect, "HostConfig"), "RestartPolicy"), "Name");
  return name.empty() || name == "no";
}

bool Place::well_placed() const {
  return current && differences.empty() && (current->up() || finished());
}

void find_containers(const Look& look, Place& place) {
  const Container& wanted = *place.wanted;
  for (const auto& seen : look.containers) {
    if (seen.oneoff || seen.service != wanted.service || seen.number != wanted.number) continue;
    if (seen.name == wanted.name)
      place.current = &seen;
    else if (seen.name == next_name(wanted.name))
      place.next = &seen;
    else if (seen.name == prev_name(wanted.name))
      place.prev = &seen;
    else if (seen.name == failed_name(wanted.name))
      place.failed = &seen;
    else
      place.strays.push_back(&seen);
  }
  // Kept or made under the name that the container was to have then (`container_name` changed).
  take_stray(place, place.prev, prev_name(""));
  take_stray(place, place.next, next_name(""));
  take_stray(place, place.failed, failed_name(""));
  // Compose takes a new container that was not yet put in its place for the service's own: it
  // starts it and takes the old one away. Then it is the one that serves.
  // One that ran is no new one any more, nor one that is started for its hooks.
  if (!place.current && place.next && place.next->state() != "created")
    std::swap(place.current, place.next);
  // One under another name (Compose v1, a rename by hand) is the service's all the same.
  if (!place.current && place.strays.size() == 1 &&
      (!(place.next && place.prev) || is_newer(*place.strays.front(), *place.prev))) {
    place.current = place.strays.front();
    place.strays.clear();
  }
}

std::vector<Place> place_all(const CompiledModel& model, const Look& look,
                             const Changing& changing) {
  std::vector<Place> all;
  for (const auto& container : model.containers) {
    Place place;
    place.wanted = &container;
    find_containers(look, place);
    all.push_back(std::move(place));
  }
  const Judge judge(model, look, changing);
  std::set<std::string> replaced;
  // Each is judged by itself while nobody is known to be replaced. It is the longest part of a
  // look.
  compute_in_parallel(all.size(), [&](size_t i) { judge.judge(all[i], all, replaced); });
  // Containers come in an order that obeys depends_on, and who borrows depends on who lends; a few
  // rounds reach the end of any chain.
  for (size_t round = 0; round < all.size(); ++round) {
    const auto before = replaced.size();
    for (const auto& place : all)
      if (!place.current || !place.keeps_container()) replaced.insert(place.wanted->service);
    if (replaced.size() == before) break;
    for (auto& place : all) {
      const auto from = lenders(*place.wanted);
      if (!from.empty()) judge.judge(place, all, replaced);
    }
  }
  return all;
}

std::string identity(const Place& place, const Context& context) {
  JsonObject roles;
  if (place.current) roles["current"] = place.current->id;
  if (place.next) roles["next"] = place.next->id;
  if (place.prev) roles["prev"] = place.prev->id;
  if (place.failed) roles["failed"] = place.failed->id;
  roles["name"] = place.wanted->name;
  return context.digest(Json(std::move(roles)));
}

std::set<std::string> namespace_lenders(const Container& container) {
  const Json& host = member_or_null(container.config, "HostConfig");
  std::vector<std::string> references;
  for (const std::string_view field : {"NetworkMode", "PidMode", "IpcMode"})
    references.push_back(text_at(host, field));
  return services_in(std::move(references));
}

std::set<std::string> lenders(const Container& container) {
  auto services =
      services_in(texts_at(member_or_null(container.config, "HostConfig"), "VolumesFrom"));
  services.merge(namespace_lenders(container));
  return services;
}

}  // namespace reconciler::docker
