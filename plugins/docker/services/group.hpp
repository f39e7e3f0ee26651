// Containers that can only change together (ENGINE 18, 19, 21): who borrows a namespace or volumes
// is replaced with the one that lends them, a changed network takes all that are on it along, and
// `depends_on: restart: true` stops and starts the one that depends.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "plugins/docker/services/moves.hpp"
#include "plugins/docker/services/place.hpp"

namespace reconciler::docker {

struct Member {
  enum class Role { match, restart };
  const Place* place = nullptr;
  Role role = Role::match;
  Prev prev = Prev::drop;
  std::vector<std::string> networks;  ///< in the order in which it joins them
};

/// In an order in which they can be started: who lends comes before who borrows.
struct Group {
  std::vector<Member> members;
  std::vector<std::string> networks;  ///< to be made anew, by name on the Engine

  const Member* find(const std::string& service, int number) const;
};

/// One group for each set of places that differ and hang together; who differs alone is a group of
/// one. Places that are as wanted, and that no change touches, are in none. `changed`: networks
/// that are there with another definition.
std::vector<Group> groups_of(const std::vector<Place>& places,
                             const std::set<std::string>& changed);

/// Those that stop and start together when the services that are called so do: with whoever has a
/// namespace of theirs or `depends_on: restart: true`, and runs. All have a container.
Group group_to_restart(const std::vector<Place>& places, const std::set<std::string>& services);

/// What a Work on the group was planned on: the containers, by role. Not whether they run.
std::string identity(const Group& group, const Context& context);

/// All moves of a group: everything is made before anything is stopped, everyone is stopped before
/// a network goes, and started in order. `ENGINE` 16 within each.
std::vector<Move> moves_of(const Group& group);
/// What lets all run that are there, as they are: changed later.
std::vector<Move> moves_as_it_is(const Group& group);

}  // namespace reconciler::docker
