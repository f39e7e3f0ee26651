#include "plugins/docker/services/group.hpp"

#include <algorithm>
#include <map>
#include <numeric>

namespace reconciler::docker {
namespace {

bool is_on(const Place& place, const std::set<std::string>& networks) {
  return std::ranges::any_of(place.wanted->endpoints, [&](const Endpoint& endpoint) {
    return networks.contains(endpoint.network);
  });
}

/// A change that gives the service another container, or stops and starts the one it has.
bool changes(const Place& place) {
  return !place.keeps_container() || place.stale_lender;
}

/// The container that is there will be started: its namespaces are others from then on.
bool will_be_started(const Place& place) {
  return !changes(place) && place.current->stopped();
}

bool restarts_with(const Container& dependent, const std::string& service) {
  return std::ranges::any_of(dependent.depends_on, [&](const Dependency& dependency) {
    return dependency.restart && dependency.service == service;
  });
}

/// Sets that are joined when their members must change together.
class Sets {
 public:
  explicit Sets(size_t n) : parent_(n) { std::iota(parent_.begin(), parent_.end(), size_t{0}); }
  size_t of(size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void join(size_t a, size_t b) { parent_[std::max(of(a), of(b))] = std::min(of(a), of(b)); }

 private:
  std::vector<size_t> parent_;
};

/// Places come in an order that obeys depends_on; lending is none of it where it is not written.
Group in_order(Group group) {
  std::vector<Member> out;
  std::vector<Member>& open = group.members;
  while (!open.empty()) {
    const auto ready = std::ranges::find_if(open, [&](const Member& member) {
      const auto from = lenders(*member.place->wanted);
      return std::ranges::none_of(open, [&](const Member& other) {
        return other.place != member.place && from.contains(other.place->wanted->service);
      });
    });
    const auto next = ready == open.end() ? open.begin() : ready;
    out.push_back(std::move(*next));
    open.erase(next);
  }
  group.members = std::move(out);
  return group;
}

class Grouping {
 public:
  Grouping(const std::vector<Place>& places, const std::set<std::string>& changed)
      : places_(places), changed_(changed), sets_(places.size()), roles_(places.size(), none) {}

  std::vector<Group> run() {
    for (size_t i = 0; i < places_.size(); ++i)
      if (!places_[i].well_placed()) roles_[i] = match;
    for (size_t i = 0; i < places_.size(); ++i) {
      join_lenders(i);
      join_networks(i);
    }
    add_borrowers();
    add_dependents();
    std::map<size_t, Group> groups;
    for (size_t i = 0; i < places_.size(); ++i) {
      if (roles_[i] == none) continue;
      Group& group = groups[sets_.of(i)];
      Member member;
      member.place = &places_[i];
      member.role = roles_[i] == match ? Member::Role::match : Member::Role::restart;
      group.members.push_back(std::move(member));
      for (const auto& network : changed_)
        if (is_on(places_[i], {network}) &&
            std::ranges::find(group.networks, network) == group.networks.end())
          group.networks.push_back(network);
    }
    std::vector<Group> out;
    for (auto& [set, group] : groups) out.push_back(in_order(std::move(group)));
    return out;
  }

 private:
  enum Role { none, match, restart };

  void join_lenders(size_t i) {
    if (roles_[i] != match) return;
    const auto from = lenders(*places_[i].wanted);
    for (size_t j = 0; j < places_.size(); ++j)
      if (from.contains(places_[j].wanted->service) && roles_[j] == match && changes(places_[i]) &&
          changes(places_[j]))
        sets_.join(i, j);
  }

  /// Who lends a namespace is only started: who has the one from before joins it anew.
  void add_borrowers() {
    for (size_t i = 0; i < places_.size(); ++i) {
      if (roles_[i] != none) continue;
      const auto from = namespace_lenders(*places_[i].wanted);
      for (size_t j = 0; j < places_.size(); ++j)
        if (roles_[j] == match && will_be_started(places_[j]) && places_[i].current->up() &&
            from.contains(places_[j].wanted->service)) {
          roles_[i] = restart;
          sets_.join(i, j);
        }
    }
  }

  void join_networks(size_t i) {
    for (const auto& network : changed_)
      for (size_t j = 0; j < i; ++j)
        if (is_on(places_[i], {network}) && is_on(places_[j], {network})) sets_.join(i, j);
  }

  /// Those that are as wanted and run, of a service that is changed; and theirs in turn.
  void add_dependents() {
    for (bool more = true; more;) {
      more = false;
      for (size_t i = 0; i < places_.size(); ++i) {
        if (roles_[i] == match && (changes(places_[i]) || !places_[i].current)) continue;
        for (size_t j = 0; j < places_.size(); ++j) {
          const bool moved = roles_[j] == restart || (roles_[j] == match && changes(places_[j]));
          if (!moved || !restarts_with(*places_[i].wanted, places_[j].wanted->service)) continue;
          if (roles_[i] == none && places_[i].current->up()) {
            roles_[i] = restart;
            more = true;
          }
          if (roles_[i] == restart && sets_.of(i) != sets_.of(j)) {
            sets_.join(i, j);
            more = true;
          }
        }
      }
    }
  }

  const std::vector<Place>& places_;
  const std::set<std::string>& changed_;
  Sets sets_;
  std::vector<Role> roles_;
};

Stages stages_of(const Member& member) {
  const Place& place = *member.place;
  const bool restarts = member.role == Member::Role::restart || place.only_joins_anew();
  if (restarts && !removes_itself(*place.current)) return stages_to_restart(place);
  return stages_to_match(place, member.prev, member.networks);
}

}  // namespace

const Member* Group::find(const std::string& service, int number) const {
  for (const auto& member : members)
    if (member.place->wanted->service == service && member.place->wanted->number == number)
      return &member;
  return nullptr;
}

std::vector<Group> groups_of(const std::vector<Place>& places,
                             const std::set<std::string>& changed) {
  return Grouping(places, changed).run();
}

Group group_to_restart(const std::vector<Place>& places, const std::set<std::string>& services) {
  std::set<const Place*> in;
  std::set<std::string> moved = services;
  for (bool more = true; more;) {
    more = false;
    for (const auto& place : places) {
      const Container& wanted = *place.wanted;
      const auto from = namespace_lenders(wanted);
      const bool joins = services.contains(wanted.service) ||
                         (place.current && place.current->up() &&
                          std::ranges::any_of(moved, [&](const std::string& service) {
                            return from.contains(service) || restarts_with(wanted, service);
                          }));
      if (!joins || !place.current || !in.insert(&place).second) continue;
      moved.insert(wanted.service);
      more = true;
    }
  }
  Group group;
  for (const auto& place : places)
    if (in.contains(&place))
      group.members.push_back({.place = &place, .role = Member::Role::restart, .networks = {}});
  return in_order(std::move(group));
}

std::string identity(const Group& group, const Context& context) {
  JsonArray all;
  for (const auto& member : group.members) all.emplace_back(identity(*member.place, context));
  return context.digest(Json(std::move(all)));
}

std::vector<Move> moves_as_it_is(const Group& group) {
  std::vector<Move> moves;
  for (const auto& member : group.members) {
    Stages stages = stages_to_run(*member.place);
    if (stages.awaits)
      moves.push_back({.kind = Move::Kind::await, .name = member.place->wanted->name});
    append(std::move(stages.stop), moves);
    append(std::move(stages.start), moves);
  }
  return moves;
}

std::vector<Move> moves_of(const Group& group) {
  std::vector<std::pair<const Member*, Stages>> all;
  for (const auto& member : group.members) all.emplace_back(&member, stages_of(member));
  std::vector<Move> moves;
  for (auto& [member, stages] : all) append(std::move(stages.make), moves);
  for (auto& [member, stages] : all)
    if (stages.awaits)
      moves.push_back({.kind = Move::Kind::await, .name = member->place->wanted->name});
  // Who depends goes first.
  for (auto one = all.rbegin(); one != all.rend(); ++one)
    append(std::move(one->second.hooks), moves);
  for (auto one = all.rbegin(); one != all.rend(); ++one)
    append(std::move(one->second.stop), moves);
  for (const auto& network : group.networks) {
    moves.push_back({.kind = Move::Kind::remove_network, .name = network});
    moves.push_back({.kind = Move::Kind::create_network, .name = network});
  }
  for (auto& [member, stages] : all) append(std::move(stages.exchange), moves);
  for (auto& [member, stages] : all) {
    if (stages.awaits && all.size() > 1)
      moves.push_back({.kind = Move::Kind::await_members, .name = member->place->wanted->name});
    append(std::move(stages.start), moves);
  }
  return moves;
}

}  // namespace reconciler::docker
