#include "plugins/docker/services/moves.hpp"

#include <algorithm>

#include "plugins/docker/services/names.hpp"

namespace reconciler::docker {
namespace {

using Kind = Move::Kind;

std::vector<Move> hook_moves(Kind kind, const std::string& name, const std::vector<Json>& all) {
  std::vector<Move> moves;
  for (size_t i = 0; i < all.size(); ++i) moves.push_back({.kind = kind, .name = name, .index = i});
  return moves;
}

void make(const Place& place, const std::string& name, const std::vector<std::string>& networks,
          std::vector<Move>& moves) {
  moves.push_back({.kind = Kind::create, .name = name});
  // One network is in the create call, whatever the API's version; the others follow.
  for (size_t i = 1; i < networks.size(); ++i)
    moves.push_back({.kind = Kind::connect, .name = name, .other = networks[i]});
  for (size_t i = 0; i < place.wanted->files.size(); ++i)
    moves.push_back({.kind = Kind::copy, .name = name, .index = i});
}

/// What one that just runs is yet to do. It has its name when its hooks are through: a look tells.
std::vector<Move> earn_name(const Place& place) {
  const auto& all = place.wanted->post_start;
  if (all.empty()) return {};
  const auto& name = place.wanted->name;
  auto moves = hook_moves(Kind::post_start, next_name(name), all);
  moves.push_back({.kind = Kind::rename, .name = next_name(name), .other = name});
  return moves;
}

/// The name that it is started under, where its own is `name`.
std::string name_at_start(const Place& place, const std::string& name) {
  return place.wanted->post_start.empty() ? name : next_name(place.wanted->name);
}

/// One that is there, and was called so, is called as it is to be at its start.
std::vector<Move> exchange(const Place& place, const std::string& name) {
  const auto at_start = name_at_start(place, name);
  if (name == at_start) return {};
  return {{.kind = Kind::rename, .name = name, .other = at_start}};
}

/// The new one, made beside the old, is called as it is to be at its start.
std::vector<Move> exchange_new(const Place& place) {
  const auto& name = place.wanted->name;
  if (name_at_start(place, name) != name) return {};
  return {{.kind = Kind::rename, .name = next_name(name), .other = name}};
}

/// The old one must not come back by itself; taken away and started adjacent (ENGINE 16).
std::vector<Move> start(const Place& place, const std::string& name, const std::string& prev) {
  std::vector<Move> moves;
  if (!prev.empty()) moves.push_back({.kind = Kind::update, .name = prev});
  moves.push_back({.kind = Kind::start, .name = name_at_start(place, name)});
  append(earn_name(place), moves);
  return moves;
}

void take_wrong_next_away(const Place& place, std::vector<Move>& moves) {
  if (place.next && !place.next_is_right) append(moves_to_remove(*place.next), moves);
}

/// The `.next` whose name the one that is there will have at its start.
void make_way(const Place& place, std::vector<Move>& moves) {
  if (place.next && !place.wanted->post_start.empty()) append(moves_to_remove(*place.next), moves);
}

/// Whoever has a name of ours beside it, and was started by somebody.
void stop_kept(const Place& place, std::vector<Move>& moves) {
  for (const Seen* kept : {place.prev, place.failed})
    if (kept && !kept->stopped()) moves.push_back({.kind = Kind::stop, .name = kept->name});
}

/// The `.next` that stays where it is, likewise.
void stop_new(const Place& place, std::vector<Move>& moves) {
  if (place.next && !place.next->stopped() && place.wanted->post_start.empty())
    moves.push_back({.kind = Kind::stop, .name = place.next->name});
}

/// Of what is there, called `name`.
Stages run(const Place& place, const std::string& name) {
  Stages stages;
  const bool due = place.hooks_are_due();
  if (due && place.finished()) {  // no hook can be run in it any more
    stages.start = {{.kind = Kind::rename, .name = name, .other = place.wanted->name}};
    return stages;
  }
  if (place.current->up() || place.current->state() == "paused") {
    if (due) {
      stop_kept(place, stages.stop);  // somebody started it beside
      stages.exchange = exchange(place, name);
    }
    if (!place.current->up())
      stages.start = {{.kind = Kind::unpause, .name = due ? name_at_start(place, name) : name}};
    if (due) append(earn_name(place), stages.start);
    return stages;
  }
  stages.awaits = true;
  make_way(place, stages.make);
  stop_kept(place, stages.stop);
  stop_new(place, stages.stop);
  stages.exchange = exchange(place, name);
  stages.start = start(place, name, place.prev ? place.prev->name : "");
  return stages;
}

/// The current one has its right name already.
Stages replace(const Place& place, Prev prev, const std::vector<std::string>& networks) {
  const std::string& name = place.wanted->name;
  Stages stages;
  stages.awaits = true;
  if (place.prev && prev == Prev::drop) append(moves_to_remove(*place.prev), stages.make);
  const bool kept = place.prev && prev == Prev::keep;
  take_wrong_next_away(place, stages.make);
  if (!place.next_is_right) make(place, next_name(name), networks, stages.make);
  if (place.current->up()) stages.hooks = hook_moves(Kind::pre_stop, name, place.pre_stop);
  if (kept && !place.prev->stopped())
    stages.stop.push_back({.kind = Kind::stop, .name = prev_name(name)});
  if (place.failed && !place.failed->stopped())
    stages.stop.push_back({.kind = Kind::stop, .name = place.failed->name});
  stages.stop.push_back({.kind = Kind::stop, .name = name});
  const bool vanishes = removes_itself(*place.current);
  if (kept && !vanishes)
    stages.exchange.push_back({.kind = Kind::remove, .name = name});
  else if (!vanishes)
    stages.exchange.push_back({.kind = Kind::rename, .name = name, .other = prev_name(name)});
  append(exchange_new(place), stages.exchange);
  stages.start = start(place, name, kept || !vanishes ? prev_name(name) : "");
  return stages;
}

/// The very container that ran before serves again; the one that has its name is put aside until
/// that one is verified. Order as in ENGINE 16.
Stages go_back(const Place& place) {
  const std::string& name = place.wanted->name;
  Stages stages;
  stages.awaits = true;
  take_wrong_next_away(place, stages.make);
  if (place.current && place.failed) append(moves_to_remove(*place.failed), stages.make);
  if (!place.prev->stopped()) stages.stop.push_back({.kind = Kind::stop, .name = prev_name(name)});
  const Seen* put_aside = place.current ? nullptr : place.failed;
  std::string aside = put_aside ? failed_name(name) : "";
  if (put_aside && !put_aside->stopped())
    stages.stop.push_back({.kind = Kind::stop, .name = aside});
  if (place.current) {
    const std::string& now = place.current->name;
    if (place.current->up()) stages.hooks = hook_moves(Kind::pre_stop, now, place.pre_stop);
    if (place.never_ran()) {
      stages.exchange.push_back({.kind = Kind::remove, .name = now});
    } else {
      // One that is paused runs no hook, and holds its ports all the same. One that does not run
      // may have been started for a release by then.
      stages.stop.push_back({.kind = Kind::stop, .name = now});
      if (!removes_itself(*place.current)) {
        aside = failed_name(name);
        stages.exchange.push_back({.kind = Kind::rename, .name = now, .other = aside});
      }
    }
  }
  // A job that is through is not run once more.
  const bool through = place.wanted->job && has_finished(*place.wanted, *place.prev);
  const std::string at_start = through ? name : name_at_start(place, name);
  stages.exchange.push_back({.kind = Kind::rename, .name = prev_name(name), .other = at_start});
  if (!aside.empty()) stages.start.push_back({.kind = Kind::update, .name = aside});
  stages.start.push_back({.kind = Kind::restart_policy, .name = at_start});
  if (through) return stages;
  stages.start.push_back({.kind = Kind::start, .name = at_start});
  append(earn_name(place), stages.start);
  return stages;
}

/// Its restart policy was taken away while it was kept: it is given back, and no other is made.
Stages give_restart_policy_back(const Place& place) {
  Stages stages;
  // How it ended says nothing: it may have been stopped to be kept, and never started since.
  const bool through = place.wanted->job && place.finished();
  if (!place.current->up() && !through) stages = run(place, place.current->name);
  stages.start.insert(stages.start.begin(),
                      {.kind = Kind::restart_policy, .name = place.current->name});
  return stages;
}

/// Nothing of that name, or something that never ran: made in place.
Stages make_in_place(const Place& place, const std::vector<std::string>& networks) {
  const std::string& name = place.wanted->name;
  Stages stages;
  stages.awaits = true;
  if (place.current) stages.make.push_back({.kind = Kind::remove, .name = place.current->name});
  take_wrong_next_away(place, stages.make);
  if (!place.next_is_right) make(place, name_at_start(place, name), networks, stages.make);
  stop_kept(place, stages.stop);
  if (place.next_is_right) append(exchange_new(place), stages.exchange);
  stages.start = start(place, name, place.prev ? place.prev->name : "");
  return stages;
}

/// What was kept or made under another name gets its right one first.
Stages with_right_names(const Place& place, Stages stages) {
  const auto mend = [&](const Seen* seen, const std::string& right) {
    if (seen && seen->name != right)
      stages.make.insert(stages.make.begin(),
                         {.kind = Kind::rename, .name = seen->name, .other = right});
  };
  mend(place.prev, prev_name(place.wanted->name));
  mend(place.next, next_name(place.wanted->name));
  return stages;
}

/// The one that is there as a `.next` that is not right.
Place taken_for_new(Place place) {
  place.next = place.current;
  place.next_is_right = false;
  place.current = nullptr;
  return place;
}

Stages stages_to_change(const Place& place, Prev prev, const std::vector<std::string>& networks) {
  if (place.only_restart_policy()) return give_restart_policy_back(place);
  if (place.prev_is_right) return go_back(place);
  if (!place.current || place.never_ran()) return make_in_place(place, networks);
  const std::string& name = place.wanted->name;
  if (place.current->name == name) return replace(place, prev, networks);
  if (place.hooks_are_due()) {
    if (place.keeps_container()) return run(place, place.current->name);
    // The last good one is kept, and this one was never seen through: were it given its name for
    // the time of the switch, a cut would leave it taken for one that was.
    if (prev == Prev::keep) return make_in_place(taken_for_new(place), networks);
  }
  // Its right name first: nobody is stopped for a name, and what follows knows one case less.
  Stages stages = place.keeps_container() ? run(place, name) : replace(place, prev, networks);
  stages.make.insert(stages.make.begin(),
                     {.kind = Kind::rename, .name = place.current->name, .other = name});
  return stages;
}

std::vector<std::string> texts_of(const Move& move) {
  switch (move.kind) {
    case Kind::create:
      return {"POST /containers/create " + move.name};
    case Kind::connect:
      return {"POST /networks/connect " + move.other + " " + move.name};
    case Kind::copy:
      return {"PUT /containers/archive " + move.name};
    case Kind::stop:
      return {"POST /containers/stop " + move.name};
    case Kind::remove_network:
      return {"DELETE /networks " + move.name};
    case Kind::create_network:
      return {"POST /networks/create " + move.name};
    case Kind::rename:
      return {"POST /containers/rename " + move.name + " " + move.other};
    case Kind::update:
    case Kind::restart_policy:
      return {"POST /containers/update " + move.name};
    case Kind::start:
      return {"POST /containers/start " + move.name};
    case Kind::unpause:
      return {"POST /containers/unpause " + move.name};
    case Kind::remove:
      return {"DELETE /containers " + move.name};
    case Kind::pre_stop:
    case Kind::post_start:
      return {"POST /containers/exec " + move.name, "POST /exec/start " + move.name};
    case Kind::await:
    case Kind::await_members:
      break;
  }
  return {};
}

}  // namespace

void append(std::vector<Move> more, std::vector<Move>& moves) {
  moves.insert(moves.end(), more.begin(), more.end());
}

bool removes_itself(const Seen& seen) {
  return truth_at(member_or_null(seen.inspect, "HostConfig"), "AutoRemove");
}

std::vector<std::string> declared(const std::vector<Move>& moves) {
  std::vector<std::string> texts;
  for (const auto& move : moves)
    for (auto& text : texts_of(move)) texts.push_back(std::move(text));
  return texts;
}

bool all_declared(const std::vector<std::string>& calls, const std::vector<std::string>& declared) {
  auto at = declared.begin();
  for (const auto& call : calls) {
    at = std::find(at, declared.end(), call);
    if (at == declared.end()) return false;
    ++at;
  }
  return true;
}

/// Somebody else (`docker compose up`, `docker start`) may have started it meanwhile.
std::vector<Move> moves_to_remove(const Seen& seen) {
  std::vector<Move> moves;
  if (!seen.stopped()) moves.push_back({.kind = Kind::stop, .name = seen.name});
  moves.push_back({.kind = Kind::remove, .name = seen.name});
  return moves;
}

Stages stages_to_run(const Place& place) {
  if (!place.current) return {};
  // It is changed soon: under the name that it has, and without the hooks of the one that follows.
  Container without = *place.wanted;
  without.post_start.clear();
  Place bare = place;
  bare.wanted = &without;
  return run(bare, place.current->name);
}

Stages stages_to_restart(const Place& place) {
  const std::string& name = place.current->name;
  Stages stages;
  stages.awaits = true;
  if (place.current->up()) stages.hooks = hook_moves(Kind::pre_stop, name, place.pre_stop);
  make_way(place, stages.make);
  stop_kept(place, stages.stop);
  stop_new(place, stages.stop);
  stages.stop.push_back({.kind = Kind::stop, .name = name});
  stages.exchange = exchange(place, name);
  stages.start = start(place, name, "");
  return stages;
}

Stages stages_to_match(const Place& place, Prev prev, const std::vector<std::string>& networks) {
  if (place.well_placed()) return {};
  if (place.current && place.differences.empty()) return run(place, place.current->name);
  Seen kept;
  Seen made;
  Place right = place;
  if (place.prev) {
    kept = *place.prev;
    kept.name = prev_name(place.wanted->name);
    right.prev = &kept;
  }
  if (place.next) {
    made = *place.next;
    made.name = next_name(place.wanted->name);
    right.next = &made;
  }
  return with_right_names(place, stages_to_change(right, prev, networks));
}

bool leaves(const std::string& name, bool there, const std::vector<Move>& moves) {
  for (const auto& move : moves) {
    const bool goes = move.kind == Kind::remove || move.kind == Kind::rename;
    if (goes && move.name == name) there = false;
    if (move.kind == Kind::rename && move.other == name) there = true;
  }
  return there;
}

}  // namespace reconciler::docker
