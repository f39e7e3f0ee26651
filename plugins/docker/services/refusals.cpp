#include "plugins/docker/services/refusals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "plugins/docker/services/left_over.hpp"
#include "plugins/docker/services/mover.hpp"
#include "plugins/docker/services/names.hpp"
#include "plugins/docker/services/things.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

bool has_process(const Seen& seen) {
  return seen.up() || seen.state() == "paused";
}

/// By the moves, what runs of it now gives way to what they start.
bool gives_way(const std::vector<Move>& moves, const Place& place) {
  return place.current && has_process(*place.current) &&
         std::ranges::any_of(moves, [&](const Move& move) {
           return move.kind == Move::Kind::stop &&
                  (move.name == place.current->name || move.name == place.wanted->name);
         });
}

/// Which of the two is to stay is for people to say.
Error another_runs(const Seen& other, const Place& place) {
  const auto& name = place.wanted->name;
  const auto end = fmt::format("docker update --restart no {0} && docker stop {0}", other.name);
  const auto why = [&](const std::string& what) {
    return fmt::format(
        "container {} runs as service {}, and {}: two at a time would be at the same data and "
        "ports",
        other.name, place.wanted->service, what);
  };
  if (place.current)
    return error("docker.another_runs", why(place.current->name + " is to be started"))
        .next(fmt::format("to have {} serve: {}; to keep {}: docker rm {}", place.current->name,
                          end, other.name, place.current->name))
        .passing();
  return error("docker.another_runs", why(fmt::format("is not the only one; {} is to be", name)))
      .next(fmt::format("to keep it: docker rename {} {}; else: {}", other.name, name, end))
      .passing();
}

/// Whatever name it has at its start.
bool starts(const std::vector<Move>& moves, const Place& place) {
  const auto& name = place.wanted->name;
  return std::ranges::any_of(moves, [&](const Move& move) {
    if (move.kind != Move::Kind::start && move.kind != Move::Kind::unpause) return false;
    return move.name == name || move.name == next_name(name) ||
           (place.current && move.name == place.current->name);
  });
}

}  // namespace

Status check_names(const Context& context, const Observed& observed, const Group& group,
                   std::vector<Error>& refused) {
  const auto moves = moves_of(group);
  const auto ours = [&](const std::string& name) {
    return std::ranges::find(observed.look.containers, name, &Seen::name);
  };
  for (const auto& move : moves) {
    const auto& name = move.kind == Move::Kind::rename ? move.other : move.name;
    const bool gives = move.kind == Move::Kind::rename || move.kind == Move::Kind::create;
    if (!gives) continue;
    if (const auto held = ours(name); held != observed.look.containers.end()) {
      const bool member = std::ranges::any_of(group.members, [&](const Member& one) {
        return one.place->current == &*held || one.place->next == &*held ||
               one.place->prev == &*held || one.place->failed == &*held;
      });
      if (!member)
        refused.push_back(
            error("container.name_taken",
                  fmt::format("the name {} is wanted for another container, and service {} of this "
                              "project has it still",
                              name, held->service))
                .next("change names in two steps: the first frees it"));
      continue;
    }
    auto holder = context.engine.get("/containers/" + url_encode(name) + "/json",
                                     context.within(std::chrono::seconds(60)));
    if (holder && text_at(member_or_null(member_or_null(*holder, "Config"), "Labels"),
                          label::project) == observed.model.project)
      return failure(
          error("docker.moved", fmt::format("container {} got its name while project {} was being "
                                            "looked at",
                                            name, observed.model.project))
              .next("another run is at it: try again")
              .passing());
    if (holder) refused.push_back(name_taken(name, observed.model.project));
    if (!holder && holder.error().code != "docker.not_found") return failed(holder);
  }
  return {};
}

Status check_networks(const Context& context, const Observed& observed, const Group& group,
                      std::vector<Error>& refused) {
  if (group.networks.empty()) return {};
  std::set<std::string> own;
  for (const Seen* seen : left_over_containers(observed)) own.insert(seen->id);
  for (const auto& member : group.members)
    for (const Seen* seen :
         {member.place->current, member.place->prev, member.place->next, member.place->failed})
      if (seen) own.insert(seen->id);
  for (const auto& network : group.networks) {
    auto free = check_users(context, network, own);
    if (!free && free.error().code != "network.in_use") return free;
    if (!free) refused.push_back(std::move(free.error()));
  }
  return {};
}

std::vector<Error> check_alone(const Group& group, const std::vector<Move>& moves) {
  std::vector<Error> refused;
  for (const auto& member : group.members) {
    const Place& place = *member.place;
    if (!starts(moves, place) || gives_way(moves, place)) continue;
    for (const Seen* other : place.strays)
      if (has_process(*other)) refused.push_back(another_runs(*other, place));
  }
  return refused;
}

}  // namespace reconciler::docker
