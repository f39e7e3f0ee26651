#include "plugins/docker/services/place.hpp"

#include <functional>

#include "plugins/docker/services/mounts.hpp"
#include "plugins/docker/services/names.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

constexpr std::string_view service_prefix = "@service:";

std::string symbol(const std::string& service, int number) {
  return std::string(service_prefix) + service + ":" + std::to_string(number);
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
    else
      place.strays.push_back(&seen);
  }
  // Compose takes a new container that was not yet put in its place for the service's own: it
  // starts it and takes the old one away. Then it is the one that serves.
  if (!place.current && place.next && place.next->up()) std::swap(place.current, place.next);
  // One under another name (Compose v1, a rename by hand) is the service's all the same.
  if (!place.current && !place.next && !place.prev && place.strays.size() == 1) {
    place.current = place.strays.front();
    place.strays.clear();
  }
}

class Judge {
 public:
  Judge(const Look& look, const ChangingImages& changing) : look_(look), changing_(changing) {}

  /// `replaced`: services that will have another container soon.
  void judge(Place& place, const std::vector<Place>& all,
             const std::set<std::string>& replaced) const {
    const auto reference = text_at(place.wanted->config, "Image");
    const SeenImage* image = look_.image_by_reference(reference);
    const auto soon = changing_.find(reference);
    place.image_id = soon != changing_.end() ? soon->second : image ? image->id : "";
    if (place.current) {
      place.differences = compare(*place.wanted, place.current->inspect,
                                  around(place, place.current, all, replaced));
      if (place.current->name != place.wanted->name)
        place.differences.push_back({"name", place.current->name, place.wanted->name});
    }
    if (place.next) place.next_is_right = is_right(place, all, replaced);
  }

 private:
  Surroundings around(const Place& place, const Seen* container, const std::vector<Place>& all,
                      const std::set<std::string>& replaced) const {
    Surroundings around;
    around.wanted_image_id = place.image_id;
    const auto soon = changing_.find(text_at(place.wanted->config, "Image"));
    around.image_will_change = soon != changing_.end() && soon->second.empty();
    // Until the wanted image is here, the one that runs stands for it: what the compose file says
    // is compared all the same.
    around.wanted_image = look_.image_config(place.image_id);
    if (!around.wanted_image) around.wanted_image = look_.image_config(container->image_id());
    around.container_reference = [&all, replaced](std::string_view id) -> std::string {
      for (const auto& other : all)
        if (other.current && other.current->id == id && !replaced.contains(other.wanted->service))
          return symbol(other.wanted->service, other.wanted->number);
      return "";
    };
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
    // It must carry on with the very volumes of the container that it follows.
    const auto own = volumes(next);
    for (const Seen* donor : {place.prev, place.current})
      if (donor)
        for (const auto& [target, name] : volumes(*donor))
          if (const auto found = own.find(target); found != own.end() && found->second != name)
            return false;
    return true;
  }

  static std::map<std::string, std::string> volumes(const Seen& seen) {
    return anonymous_volumes(seen.inspect);
  }

  const Look& look_;
  const ChangingImages& changing_;
};

}  // namespace

bool Place::never_ran() const {
  if (!current || current->state() != "created") return false;
  const Json* state = member(current->inspect, "State");
  const auto started = state ? text_at(*state, "StartedAt") : "";
  return started.empty() || started.starts_with("0001-");
}

bool Place::finished() const {
  if (!current || current->state() != "exited" || current->exit_code() != 0) return false;
  const Json* host = member(current->inspect, "HostConfig");
  const Json* policy = host ? member(*host, "RestartPolicy") : nullptr;
  const auto name = policy ? text_at(*policy, "Name") : "";
  return wanted->job || name.empty() || name == "no" || name == "on-failure";
}

bool Place::well_placed() const {
  return current && differences.empty() && (current->up() || finished());
}

std::vector<Place> place_all(const CompiledModel& model, const Look& look,
                             const ChangingImages& changing) {
  std::vector<Place> all;
  for (const auto& container : model.containers) {
    Place place;
    place.wanted = &container;
    find_containers(look, place);
    all.push_back(std::move(place));
  }
  const Judge judge(look, changing);
  std::set<std::string> replaced;
  for (auto& place : all) judge.judge(place, all, replaced);
  // Containers come in an order that obeys depends_on, and who borrows depends on who lends; a few
  // rounds reach the end of any chain.
  for (size_t round = 0; round < all.size(); ++round) {
    const auto before = replaced.size();
    for (const auto& place : all)
      if (!place.current || !place.differences.empty()) replaced.insert(place.wanted->service);
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
  roles["name"] = place.wanted->name;
  return context.digest(Json(std::move(roles)));
}

std::set<std::string> lenders(const Container& container) {
  std::set<std::string> services;
  const Json* host = member(container.config, "HostConfig");
  if (!host) return services;
  std::vector<std::string> references = texts_at(*host, "VolumesFrom");
  for (const std::string_view field : {"NetworkMode", "PidMode", "IpcMode"})
    references.push_back(text_at(*host, field));
  for (std::string one : references) {
    if (one.starts_with("container:")) one.erase(0, 10);
    if (!one.starts_with(service_prefix)) continue;
    const auto parts = split(one, ':');
    if (parts.size() >= 2) services.insert(parts[1]);
  }
  return services;
}

}  // namespace reconciler::docker
