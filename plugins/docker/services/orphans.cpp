#include "plugins/docker/services/orphans.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "plugins/docker/compose/canonical_form.hpp"
#include "plugins/docker/services/left_over.hpp"
#include "plugins/docker/services/names.hpp"

namespace reconciler::docker {
namespace {

bool is_aside(const Seen& seen) {
  return seen.name.ends_with(orphan_name(""));
}

/// The name that it had before it was put aside.
std::string own_name(const Seen& seen) {
  return is_aside(seen) ? seen.name.substr(0, seen.name.size() - orphan_name("").size())
                        : seen.name;
}

Work work_on(const Observed& observed, const Seen& seen, Phase phase, std::string verb) {
  Work work;
  work.phase = phase;
  work.verb = std::move(verb);
  work.targets = {container_id(seen.name)};
  work.input =
      JsonObject{{"unowned", true}, {"container", seen.name}, {"model", observed.model.key}};
  work.expects = seen.id;
  return work;
}

Resource unowned(const Context& context, const Seen& seen) {
  Resource r;
  r.id = container_id(seen.name);
  r.observed = context.digest(Json(seen.id));
  r.differences = {{"container", seen.state(), "removed"}};
  r.state = seen.state();
  r.ours = true;
  return r;
}

/// One more container of a service than the compose files ask for: they ask for fewer now.
void add_surplus(const Context& context, const Observed& observed, const Seen& seen,
                 Observation& into) {
  Resource r = unowned(context, seen);
  r.reason = fmt::format("one more of {} than the compose files ask for", seen.service);
  Work work = work_on(observed, seen, Phase::prune, "prune");
  work.calls = declared(moves_to_remove(seen));
  r.remedies[Aim::remove] = {std::move(work)};
  into.resources.push_back(std::move(r));
}

/// We made it, and for nothing that was ever good: what served once may be kept by somebody, and an
/// image that was made of it (`docker commit`) hands its labels on to whatever is run from that.
bool may_go(const Observed& observed, const Seen& seen) {
  return is_of_no_version(observed,
                          member_or_null(member_or_null(seen.inspect, "Config"), "Labels"));
}

void add_orphan(const Context& context, const Observed& observed, const Seen& seen,
                Observation& into) {
  Resource r = unowned(context, seen);
  r.reason = "nothing in the compose files owns it";
  Work prune = work_on(observed, seen, Phase::prune, "prune");
  std::string last = seen.name;
  if (!seen.stopped()) {
    Work stop = work_on(observed, seen, Phase::change, "stop");
    const auto moves = moves_of_orphan(seen, stop.verb);
    stop.calls = declared(moves);
    for (const auto& move : moves)
      if (move.kind == Move::Kind::rename) last = move.other;
    r.remedies[Aim::remove].push_back(std::move(stop));
  }
  prune.input.as_object()["container"] = last;
  prune.calls = declared({{.kind = Move::Kind::remove, .name = last}});
  if (seen.stopped() || !removes_itself(seen)) r.remedies[Aim::remove].push_back(std::move(prune));
  into.resources.push_back(std::move(r));
}

/// It was put aside for a version that is not wanted any more, or that did not get there.
void add_put_aside(const Context& context, const Observed& observed, const Seen& seen,
                   Observation& into) {
  Resource r = unowned(context, seen);
  r.desired = context.digest(JsonObject{{"runs", seen.id}});
  r.differences = {{"name", seen.name, own_name(seen)}};
  r.reason = "it was put aside as an orphan, and stays";
  Work start = work_on(observed, seen, Phase::change, "start");
  start.calls = declared(moves_of_orphan(seen, start.verb));
  r.remedies[Aim::match] = {std::move(start)};
  into.resources.push_back(std::move(r));
}

enum class Owner { service, surplus, task, nobody };

Owner owner_of(const CompiledModel& model, const Seen& seen) {
  const auto of_service = [&](const Container& c) { return c.service == seen.service; };
  const bool wanted = std::ranges::any_of(model.containers, of_service);
  if (wanted && std::ranges::any_of(model.containers, [&](const Container& c) {
        return of_service(c) && c.number == seen.number;
      }))
    return Owner::service;
  const Json* service = member(member_or_null(model.resolved, "services"), seen.service);
  if (!service) return Owner::nobody;
  const auto replicas = replicas_of(*service);
  return seen.number > replicas && (wanted || replicas == 0) ? Owner::surplus : Owner::task;
}

}  // namespace

std::vector<Move> moves_of_orphan(const Seen& seen, std::string_view verb) {
  std::vector<Move> moves;
  if (verb == "start") {
    moves.push_back({.kind = Move::Kind::rename, .name = seen.name, .other = own_name(seen)});
    if (seen.stopped()) moves.push_back({.kind = Move::Kind::start, .name = own_name(seen)});
    return moves;
  }
  // Its name first: cut off in between, that tells who stopped it.
  std::string name = seen.name;
  if (!is_aside(seen) && !removes_itself(seen)) {
    name = orphan_name(seen.name);
    moves.push_back({.kind = Move::Kind::rename, .name = seen.name, .other = name});
  }
  if (seen.state() == "paused") moves.push_back({.kind = Move::Kind::unpause, .name = name});
  moves.push_back({.kind = Move::Kind::stop, .name = name});
  return moves;
}

void observe_orphans(const Context& context, const Observed& observed,
                     const std::vector<Place>& places, Observation& into) {
  const auto left_over = left_over_containers(observed);
  std::set<const Seen*> placeless;
  for (const auto& place : places) placeless.insert(place.strays.begin(), place.strays.end());
  for (const auto& seen : observed.look.containers) {
    if (seen.oneoff || std::ranges::find(left_over, &seen) != left_over.end()) continue;
    const auto owner = owner_of(observed.model, seen);
    if (owner == Owner::service) {
      if (!placeless.contains(&seen)) continue;
      if (may_go(observed, seen))
        add_surplus(context, observed, seen, into);
      else
        into.notices.push_back(
            fmt::format("container {} calls itself service {} and is not the one that serves: it "
                        "stays",
                        seen.name, seen.service));
      continue;
    }
    const bool free = std::ranges::find(observed.look.containers, own_name(seen), &Seen::name) ==
                      observed.look.containers.end();
    if (owner == Owner::surplus)
      add_surplus(context, observed, seen, into);
    else if (owner == Owner::nobody && observed.remove_orphans)
      add_orphan(context, observed, seen, into);
    else if (owner == Owner::nobody && is_aside(seen) && free)
      add_put_aside(context, observed, seen, into);
    else if (owner == Owner::task)
      into.notices.push_back(
          fmt::format("{} ({}) is of {}, which is run anew each time it is due: it is in nobody's "
                      "way, and stays",
                      seen.name, seen.state(), seen.service));
    else
      into.notices.push_back(
          fmt::format("orphan {} (service {}, {}): nothing in the compose files owns it; it stays",
                      seen.name, seen.service.empty() ? "none" : seen.service, seen.state()));
  }
}

}  // namespace reconciler::docker
