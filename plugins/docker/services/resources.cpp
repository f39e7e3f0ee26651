#include "plugins/docker/services/resources.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "plugins/docker/services/data.hpp"
#include "plugins/docker/services/endpoints.hpp"
#include "plugins/docker/services/left_over.hpp"
#include "plugins/docker/services/mounted.hpp"
#include "plugins/docker/services/mounts.hpp"
#include "plugins/docker/services/mover.hpp"
#include "plugins/docker/services/names.hpp"
#include "plugins/docker/services/notices.hpp"
#include "plugins/docker/services/orphans.hpp"
#include "plugins/docker/services/pre_stop.hpp"
#include "plugins/docker/services/refusals.hpp"
#include "plugins/docker/services/state.hpp"
#include "plugins/docker/services/things.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

/// Made before the last good version was recorded: then it was part of it. Of what we made, the
/// attempts tell, for a clock may be put back; of what others made, when it was created. In the
/// same second it is taken for a later one, so that what was kept is not thrown away.
bool part_of_last_good(const Seen& seen, const Observed& observed) {
  const Memory& memory = observed.memory;
  if (!memory.current) return false;
  const Json& labels = member_or_null(member_or_null(seen.inspect, "Config"), "Labels");
  if (is_of_environment(observed, labels)) return !is_of_no_version(observed, labels);
  const auto created = engine_time(text_at(seen.inspect, "Created"));
  return created && *created < memory.current->at;
}

/// `name:tag` in two; the tag is empty where there is none.
std::pair<std::string, std::string> name_and_tag(const std::string& reference) {
  const std::string full = familiar_reference(reference);
  const auto colon = full.rfind(':');
  if (is_by_digest(full) || colon == std::string::npos) return {full, ""};
  return {full.substr(0, colon), full.substr(colon + 1)};
}

class Services {
 public:
  Services(const Context& context, const Observed& observed, Observation& into)
      : context_(context), observed_(observed), into_(into) {}

  /// `group`: the one that it changes with; nullptr where nothing of it changes.
  void add(const Place& place, const Group* group) {
    Resource r;
    r.id = service_id(*place.wanted);
    r.desired = place.wanted->fingerprint;
    r.state = state_of(place);
    r.health = health_of(place);
    if (keeps_restarting(place, context_.clock.wall())) {
      r.health = Health::unwell;
      r.state = "restarting";
    } else if (r.health == Health::unwell && r.state == "running") {
      r.state = "unhealthy";
    }
    r.summary = summary_of(place, context_.clock.wall());
    r.ours = place.current && !place.current->label(label::lineage).empty();
    r.version = version_shown(place);
    if (place.well_placed()) {
      r.observed = r.desired;
    } else if (place.current) {
      r.differences = place.differences;
      if (!place.current->up() && !place.finished())
        r.differences.push_back({"state", r.state, place.wanted->job ? "finished" : "running"});
      r.observed = observed_fingerprint(place, r);
    }
    const bool cut = (!place.current || place.never_ran()) && (place.next || place.prev);
    if (cut) r.reason = "its switch was cut off";
    if (group && &place == leader(*group) && group->networks.empty())
      r.remedies[Aim::match] = works_on(*group);
    if (r.observed != r.desired) add_run(place, group, r);
    into_.resources.push_back(std::move(r));
    if (place.well_placed()) add_left_over(place);
    tell_of(place, observed_.look, into_);
    if (group && replaces(place)) tell_losses(place, into_);
  }

  std::vector<Work> works_on(const Group& group) const {
    const auto moves = moves_of(group);
    Work work = work_on(group);
    const bool restarts = std::ranges::all_of(group.members, [](const Member& member) {
      return member.role == Member::Role::restart || member.place->only_joins_anew();
    });
    const bool switches = std::ranges::any_of(
        group.members, [](const Member& member) { return replaces(*member.place); });
    work.verb = restarts ? "restart" : switches && !is_made_in_place(group) ? "switch" : "start";
    work.calls = declared(moves);
    std::vector<Work> works{std::move(work)};
    for (const auto& member : group.members)
      // Of one that is well, and only stopped and started, what is left over has its own row.
      if (!member.place->well_placed()) add_prunes(*member.place, moves, works);
    return works;
  }

  /// A changed network leads all that are on it.
  void lead(const Group& group) {
    for (auto& r : into_.resources)
      if (r.id == network_id(group.networks.front())) r.remedies[Aim::match] = works_on(group);
  }

 private:
  /// Who stands for the group in the plan: the first that differs.
  static const Place* leader(const Group& group) {
    for (const auto& member : group.members)
      if (!member.place->well_placed()) return member.place;
    return group.members.front().place;
  }

  /// The tag of the image that runs, where the wanted image of that name has the version's own.
  std::string version_shown(const Place& place) const {
    if (!place.current || !place.current->up()) return "";
    const auto [wanted, tag] = name_and_tag(text_at(place.wanted->config, "Image"));
    if (tag.empty() || tag != observed_.tag) return "";
    const auto [runs, shown] =
        name_and_tag(text_at(member_or_null(place.current->inspect, "Config"), "Image"));
    return runs == wanted ? shown : "";
  }

  std::string observed_fingerprint(const Place& place, const Resource& r) const {
    JsonArray fields;
    for (const auto& difference : r.differences) fields.emplace_back(difference.field);
    return context_.digest(
        JsonObject{{"identity", identity(place, context_)}, {"differences", std::move(fields)}});
  }

  /// It changes alone, and was made and never started: the right one is made in its place.
  static bool is_made_in_place(const Group& group) {
    return group.networks.empty() && group.members.size() == 1 &&
           group.members.front().place->never_ran();
  }

  /// Rather than just started, or seen through its start.
  static bool replaces(const Place& place) {
    return place.current && !place.only_restart_policy() &&
           place.differences.size() > (place.hooks_are_due() ? 1U : 0U);
  }

  void add_prunes(const Place& place, const std::vector<Move>& moves,
                  std::vector<Work>& works) const {
    const auto& name = place.wanted->name;
    if (leaves(prev_name(name), place.prev != nullptr, moves))
      works.push_back(prune(prev_name(name), place));
    if (leaves(failed_name(name), place.failed != nullptr, moves))
      works.push_back(prune(failed_name(name), place));
    if (leaves(next_name(name), place.next != nullptr, moves))
      works.push_back(prune(next_name(name), place));
  }

  /// Until it is changed: what is needed before that runs as it is.
  void add_run(const Place& place, const Group* group, Resource& r) const {
    if (!replaces(place) || (group && is_made_in_place(*group))) {
      if (const auto match = r.remedies.find(Aim::match); match != r.remedies.end()) {
        r.remedies[Aim::run] = match->second;
        r.remedies[Aim::run].front().phase = Phase::start;
      }
      return;
    }
    Group alone;
    alone.members.push_back({.place = &place, .networks = {}});
    Work work = work_on(alone);
    work.calls = declared(moves_as_it_is(alone));
    if (work.calls.empty()) return;
    work.phase = Phase::start;
    work.verb = "start";
    work.input.as_object()["as_it_is"] = true;
    work.anew.clear();
    r.remedies[Aim::run] = {std::move(work)};
  }

  Work work_on(const Group& group) const {
    Work work;
    work.phase = Phase::change;
    JsonArray members;
    for (const auto& network : group.networks) work.targets.push_back(network_id(network));
    const Place* first = leader(group);
    for (const auto& member : group.members) {
      const Container& wanted = *member.place->wanted;
      const auto at = member.place == first && group.networks.empty() ? work.targets.begin()
                                                                      : work.targets.end();
      work.targets.insert(at, service_id(wanted));
      if (member.role == Member::Role::match && member.place->current &&
          !member.place->keeps_container())
        work.anew.push_back(service_id(wanted));
      JsonObject one{{"service", wanted.service},
                     {"number", wanted.number},
                     {"role", member.role == Member::Role::match ? "match" : "restart"},
                     {"prev", member.prev == Prev::keep ? "keep" : "drop"}};
      // What a container has mounted shows only before the file is written anew.
      if (replaces(*member.place) && !harmed_objects(wanted).empty()) one["harmed"] = true;
      put_pre_stop(*member.place, observed_.memory, one);
      members.emplace_back(std::move(one));
      add_needs(*member.place, work);
    }
    work.input = JsonObject{{"members", std::move(members)},
                            {"networks", reconciler::to_json(group.networks)},
                            {"model", observed_.model.key}};
    if (!group.networks.empty()) put_left_over(work);
    work.expects = identity(group, context_);
    std::ranges::sort(work.needs);
    work.needs.erase(std::unique(work.needs.begin(), work.needs.end()), work.needs.end());
    std::erase_if(work.needs, [&](const ResourceId& need) {
      return std::ranges::find(work.targets, need) != work.targets.end();
    });
    return work;
  }

  /// Whoever goes as well does not keep a network from being made anew.
  void put_left_over(Work& work) const {
    JsonArray leaving;
    for (const Seen* seen : left_over_containers(observed_)) {
      leaving.emplace_back(seen->name);
      work.needs.push_back(container_id(seen->name));
    }
    if (!leaving.empty()) work.input.as_object()["leaving"] = std::move(leaving);
  }

  void add_needs(const Place& place, Work& work) const {
    for (auto& need : needs_of(observed_.model, *place.wanted))
      work.needs.push_back(std::move(need));
    for (const auto& folder : observed_.model.data_folders)
      work.needs.push_back(folder_id(folder, observed_.id));
  }

  Work prune(const std::string& name, const Place& place) const {
    Work work;
    work.phase = Phase::prune;
    work.verb = "prune";
    work.targets = {container_id(name)};
    work.input = JsonObject{{"container", name},
                            {"service", place.wanted->service},
                            {"number", place.wanted->number},
                            {"model", observed_.model.key}};
    work.calls = declared({{.kind = Move::Kind::remove, .name = name}});
    return work;
  }

  /// With the service well, whatever a cut replacement left beside it is in nobody's way back.
  void add_left_over(const Place& place) {
    for (const Seen* seen : {place.prev, place.next, place.failed}) {
      if (!seen) continue;
      Resource r;
      r.id = container_id(seen->name);
      r.observed = context_.digest(Json(seen->id));
      r.differences = {{"container", seen->state(), "removed"}};
      r.state = seen->state();
      r.reason = seen == place.failed ? "was not well, and the one before it serves again"
                 : seen != place.prev ? "left by a replacement that was cut off"
                 : part_of_last_good(*place.current, observed_)
                     ? "replaced by a container that is well"
                     : "kept until the new one is verified";
      r.ours = true;
      Work work = prune(seen->name, place);
      work.calls = declared(moves_to_remove(*seen));
      work.expects = seen->id;
      r.remedies[Aim::remove] = {std::move(work)};
      if (seen->up()) {
        // Someone started it: two of one service at one volume, whatever verify will find.
        r.reason = "runs beside the container that took its place";
        Work halt = prune(seen->name, place);
        halt.phase = Phase::change;
        halt.verb = "stop";
        halt.expects = seen->id;
        halt.calls = declared({{.kind = Move::Kind::stop, .name = seen->name}});
        auto& works = r.remedies[Aim::remove];
        works.front().calls = declared({{.kind = Move::Kind::remove, .name = seen->name}});
        works.insert(works.begin(), std::move(halt));
      }
      into_.resources.push_back(std::move(r));
    }
  }

  const Context& context_;
  const Observed& observed_;
  Observation& into_;
};

Status may_restart(const Observed& observed, const std::vector<Place>& places,
                   const std::vector<std::string>& services) {
  const std::string id = observed.id.text();
  std::vector<std::string> names;
  for (const auto& place : places) names.push_back(place.wanted->service);
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  const auto refused = [&](const std::string& service, const char* why, const std::string& next) {
    return failure(error("service.no_restart",
                         fmt::format("service {} of {} is not restarted: {}", service, id, why))
                       .next(next));
  };
  for (const auto& service : services) {
    if (std::ranges::find(names, service) == names.end()) {
      const auto near = nearest(service, names);
      return failure(
          error("service.unknown", fmt::format("{} has no service \"{}\"", id, service))
              .with("services", join(names, ", "))
              .next(fmt::format("reconciler restart {} {}", id, near.value_or("SERVICE"))));
    }
    for (const auto& place : places) {
      if (place.wanted->service != service) continue;
      if (place.wanted->job)
        return refused(service, "it is a job, which runs to its end",
                       fmt::format("reconciler plan {}", id));
      if (!place.current)
        return refused(service, "it has no container", fmt::format("reconciler apply {}", id));
      if (removes_itself(*place.current))
        return refused(
            service, "its container removes itself when it is stopped",
            fmt::format("docker stop {0}; reconciler apply {1}", place.current->name, id));
    }
  }
  return {};
}

Prev prev_of(const Place& place, const Observed& observed) {
  return place.prev && place.current && !part_of_last_good(*place.current, observed) ? Prev::keep
                                                                                     : Prev::drop;
}

}  // namespace

Result<Work> restart_services(const Context& context, const Observed& observed,
                              const std::vector<std::string>& services) {
  auto places = place_all(observed.model, observed.look, {});
  if (auto may = may_restart(observed, places, services); !may) return failed(may);
  Observation notices;
  find_pre_stop(context, observed, places, notices);
  Group group = group_to_restart(places, {services.begin(), services.end()});
  for (auto& member : group.members)
    member.networks = network_names(all_endpoints(*member.place, observed.look));
  if (auto refused = check_alone(group, moves_of(group)); !refused.empty())
    return failure(gather(std::move(refused)));
  return Services(context, observed, notices).works_on(group).front();
}

std::vector<std::string> network_names(const std::vector<Endpoint>& endpoints) {
  std::vector<std::string> out;
  for (const auto& endpoint : endpoints) out.push_back(endpoint.network);
  return out;
}

std::vector<Endpoint> all_endpoints(const Place& place, const Look& look) {
  auto endpoints = place.wanted->endpoints;
  if (place.current)
    for (auto& extra : extra_endpoints(*place.wanted, place.current->inspect, look.networks))
      endpoints.push_back(std::move(extra));
  return endpoints;
}

Status observe_services(const Context& context, const Observed& observed, Observation& into) {
  std::vector<Error> refused;
  observe_networks(context, observed, into, refused);
  observe_volumes(context, observed, into, refused);
  observe_data(context, observed, into);
  const auto changed = changed_networks(observed.model, observed.look);
  auto places = place_all(observed.model, observed.look, {observed.changing, changed});
  find_pre_stop(context, observed, places, into);
  check_data(observed, places, refused);
  auto groups = groups_of(places, changed);
  for (auto& group : groups) {
    for (auto& member : group.members) {
      member.prev = prev_of(*member.place, observed);
      member.networks = network_names(all_endpoints(*member.place, observed.look));
    }
    if (auto done = check_names(context, observed, group, refused); !done) return done;
    if (auto done = check_networks(context, observed, group, refused); !done) return done;
    for (auto& another : check_alone(group, moves_of(group))) refused.push_back(std::move(another));
  }
  if (!refused.empty()) return failure(gather(std::move(refused)));
  Services services(context, observed, into);
  for (const auto& place : places) {
    const auto group = std::ranges::find_if(groups, [&](const Group& one) {
      return one.find(place.wanted->service, place.wanted->number) != nullptr;
    });
    services.add(place, group == groups.end() ? nullptr : &*group);
  }
  for (const auto& group : groups)
    if (!group.networks.empty()) services.lead(group);
  observe_orphans(context, observed, places, into);
  observe_left_over(context, observed, into);
  return {};
}

}  // namespace reconciler::docker
