#include "plugins/docker/services/resources.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "plugins/docker/services/data.hpp"
#include "plugins/docker/services/endpoints.hpp"
#include "plugins/docker/services/mounted.hpp"
#include "plugins/docker/services/mounts.hpp"
#include "plugins/docker/services/names.hpp"
#include "plugins/docker/services/state.hpp"
#include "plugins/docker/services/things.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

ResourceId named(std::string_view kind, std::string name) {
  return {std::string(driver_name), std::string(kind), std::move(name)};
}

std::vector<std::string> names(const std::vector<Endpoint>& endpoints) {
  std::vector<std::string> out;
  for (const auto& endpoint : endpoints) out.push_back(endpoint.network);
  return out;
}

/// Zero for what is no number.
std::int64_t number_of(const std::string& text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// Created before the last good version was recorded: then it was part of it. In the same second it
/// is taken for a later one, so that what was kept is not thrown away.
bool part_of_last_good(const Seen& seen, const Memory& memory) {
  if (!memory.current) return false;
  const auto created = engine_time(text_at(seen.inspect, "Created"));
  return created && *created < memory.current->at;
}

class Services {
 public:
  Services(const Context& context, const Observed& observed, Observation& into)
      : context_(context), observed_(observed), into_(into) {}

  void add(const Place& place) {
    const auto prev =
        place.prev && place.current && !part_of_last_good(*place.current, observed_.memory)
            ? Prev::keep
            : Prev::drop;
    Resource r;
    r.id = service_id(*place.wanted);
    r.desired = place.wanted->fingerprint;
    r.state = state_of(place);
    r.health = health_of(place);
    r.summary = summary_of(place, context_.clock.wall());
    r.ours = place.current && !place.current->label(label::lineage).empty();
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
    if (r.observed != r.desired) add_remedies(place, prev, r);
    into_.resources.push_back(std::move(r));
    if (place.well_placed()) add_left_over(place);
    add_notices(place);
  }

 private:
  std::string observed_fingerprint(const Place& place, const Resource& r) const {
    JsonArray fields;
    for (const auto& difference : r.differences) fields.emplace_back(difference.field);
    return context_.digest(
        JsonObject{{"identity", identity(place, context_)}, {"differences", std::move(fields)}});
  }

  void add_remedies(const Place& place, Prev prev, Resource& r) const {
    const auto networks = names(all_endpoints(place, observed_.look));
    const auto match = moves_to_match(place, prev, networks);
    const bool replaces = place.current && !place.differences.empty();
    Work work = work_on(place, prev);
    work.verb = replaces ? "switch" : "start";
    work.calls = declared(match);
    std::vector<Work> works{work};
    // What a container has mounted shows only before the file is written anew.
    if (replaces && !harmed_objects(*place.wanted).empty())
      works.front().input.as_object()["harmed"] = true;
    if (leaves_prev(place, match)) works.push_back(prune(prev_name(place.wanted->name), place));
    r.remedies[Aim::match] = works;
    if (!replaces) {
      works.front().phase = Phase::start;
      r.remedies[Aim::run] = works;
      return;
    }
    const auto run = moves_to_run(place);
    if (run.empty()) return;
    Work as_it_is = work_on(place, prev);
    as_it_is.phase = Phase::start;
    as_it_is.verb = "start";
    as_it_is.calls = declared(run);
    as_it_is.input.as_object()["as_it_is"] = true;
    r.remedies[Aim::run] = {std::move(as_it_is)};
  }

  Work work_on(const Place& place, Prev prev) const {
    const Container& wanted = *place.wanted;
    Work work;
    work.phase = Phase::change;
    work.targets = {service_id(wanted)};
    work.input = JsonObject{{"service", wanted.service},
                            {"number", wanted.number},
                            {"model", observed_.model.key},
                            {"prev", prev == Prev::keep ? "keep" : "drop"}};
    work.expects = identity(place, context_);
    work.needs.push_back(image_id(text_at(wanted.config, "Image")));
    for (const auto& on : wanted.depends_on) work.needs.push_back(service_id(on.service));
    for (const auto& lender : lenders(wanted)) work.needs.push_back(service_id(lender));
    for (const auto& endpoint : wanted.endpoints)
      work.needs.push_back(network_id(endpoint.network));
    static const Json nothing;
    const Json* host = member(wanted.config, "HostConfig");
    for (const auto& [target, mount] : mounts_of(wanted.config, host ? *host : nothing))
      if (mount.type == "volume" && !mount.anonymous())
        work.needs.push_back(volume_id(mount.source));
    std::ranges::sort(work.needs);
    work.needs.erase(std::unique(work.needs.begin(), work.needs.end()), work.needs.end());
    return work;
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
    work.calls = {text_of({Move::Kind::remove, name, ""})};
    return work;
  }

  /// With the service well, whatever a cut replacement left beside it is in nobody's way back.
  void add_left_over(const Place& place) {
    for (const Seen* seen : {place.prev, place.next}) {
      if (!seen) continue;
      Resource r;
      r.id = container_id(seen->name);
      r.observed = context_.digest(Json(seen->id));
      r.differences = {{"container", seen->state(), "removed"}};
      r.state = seen->state();
      r.reason = seen != place.prev ? "left by a replacement that was cut off"
                 : part_of_last_good(*place.current, observed_.memory)
                     ? "replaced by a container that is well"
                     : "kept until the new one is verified";
      r.ours = true;
      Work work = prune(seen->name, place);
      work.calls = declared(moves_to_remove(*seen));
      work.expects = seen->id;
      // Someone started it: two of one service at one volume.
      if (seen->up()) r.reason = "runs beside the container that took its place";
      r.remedies[Aim::remove] = {std::move(work)};
      into_.resources.push_back(std::move(r));
    }
  }

  void add_notices(const Place& place) {
    if (place.current && place.current->label(label::lineage).empty())
      into_.notices.push_back(
          fmt::format("{} was not made by reconciler; it is taken as it is", place.current->name));
    if (place.current)
      for (const auto& extra :
           extra_endpoints(*place.wanted, place.current->inspect, observed_.look.networks))
        into_.notices.push_back(
            fmt::format("{} is on network {} too, which the compose files do not name: it stays",
                        place.current->name, extra.network));
    for (const Seen* seen : place.strays)
      into_.notices.push_back(fmt::format(
          "container {} calls itself service {} and is not the one that serves: it stays",
          seen->name, seen->service));
  }

  const Context& context_;
  const Observed& observed_;
  Observation& into_;
};

void add_orphans(const Observed& observed, Observation& into) {
  for (const auto& seen : observed.look.containers) {
    if (seen.oneoff) continue;
    const bool known = std::ranges::any_of(observed.model.containers, [&](const Container& c) {
      return c.service == seen.service && c.number == seen.number;
    });
    if (!known)
      into.notices.push_back(
          fmt::format("orphan {} (service {}, {}): nothing in the compose files owns it; it stays",
                      seen.name, seen.service.empty() ? "none" : seen.service, seen.state()));
  }
}

}  // namespace

ResourceId service_id(const Container& container) {
  return container.number == 1
             ? service_id(container.service)
             : named("service", fmt::format("{}-{}", container.service, container.number));
}
ResourceId service_id(std::string_view service) {
  return named("service", std::string(service));
}
ResourceId network_id(const std::string& name) {
  return named("network", name);
}
ResourceId volume_id(const std::string& name) {
  return named("volume", name);
}
ResourceId image_id(const std::string& reference) {
  return named("image", reference);
}
ResourceId container_id(const std::string& name) {
  return named("container", name);
}

std::vector<Endpoint> all_endpoints(const Place& place, const Look& look) {
  auto endpoints = place.wanted->endpoints;
  if (place.current)
    for (auto& extra : extra_endpoints(*place.wanted, place.current->inspect, look.networks))
      endpoints.push_back(std::move(extra));
  return endpoints;
}

Status one_owner(const EnvironmentId& id, const Look& look,
                 const std::vector<std::string>& lineages, const Memory& memory) {
  for (const auto& seen : look.containers) {
    const auto theirs = seen.label(label::lineage);
    if (theirs == memory.lineage && number_of(seen.label(label::attempt)) > memory.newest_attempt)
      return failure(
          error("ledger.behind",
                fmt::format("container {} is of attempt {}, and the newest that the ledger "
                            "remembers is {}: an older copy of it was put back",
                            seen.name, seen.label(label::attempt), memory.newest_attempt))
              .next(fmt::format("put the newest ledger.db back; if there is none, move it away, "
                                "then: reconciler adopt {} --lineage {}",
                                id.text(), theirs)));
    if (theirs.empty() || std::ranges::find(lineages, theirs) != lineages.end()) continue;
    return failure(
        error("state.lineage",
              fmt::format("container {} was made by another reconciler; {} is not this one's",
                          seen.name, id.text()))
            .with("theirs", printable(theirs, 60))
            .with("ours", lineages.empty() ? "" : lineages.front())
            .next(fmt::format("once the other is gone: reconciler adopt {} --lineage {}", id.text(),
                              printable(theirs, 60))));
  }
  return {};
}

Status observe_services(const Context& context, const Observed& observed, Observation& into) {
  std::vector<Error> refused;
  observe_networks(context, observed, into, refused);
  observe_volumes(context, observed, into, refused);
  const auto places = place_all(observed.model, observed.look, observed.changing);
  check_data(observed, places, refused);
  if (!refused.empty()) return failure(gather(std::move(refused)));
  Services services(context, observed, into);
  for (const auto& place : places) services.add(place);
  add_orphans(observed, into);
  return {};
}

}  // namespace reconciler::docker
