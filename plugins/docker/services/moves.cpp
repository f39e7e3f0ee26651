#include "plugins/docker/services/moves.hpp"

#include "plugins/docker/services/names.hpp"

namespace reconciler::docker {
namespace {

using Kind = Move::Kind;

bool removes_itself(const Seen& seen) {
  const Json* host = member(seen.inspect, "HostConfig");
  return host && truth_at(*host, "AutoRemove");
}

void make(const std::string& name, const std::vector<std::string>& networks,
          std::vector<Move>& moves) {
  moves.push_back({Kind::create, name, ""});
  // One network is in the create call, whatever the API's version; the others follow.
  for (size_t i = 1; i < networks.size(); ++i) moves.push_back({Kind::connect, name, networks[i]});
}

/// The old one must not come back by itself; taken away and started adjacent (ENGINE 16).
void start(const std::string& name, bool prev, std::vector<Move>& moves) {
  if (prev) moves.push_back({Kind::update, prev_name(name), ""});
  moves.push_back({Kind::start, name, ""});
}

void append(std::vector<Move> more, std::vector<Move>& moves) {
  moves.insert(moves.end(), more.begin(), more.end());
}

void take_wrong_next_away(const Place& place, std::vector<Move>& moves) {
  if (place.next && !place.next_is_right) append(moves_to_remove(*place.next), moves);
}

/// Of what is there, called by its right name.
std::vector<Move> run(const Place& place, const std::string& name) {
  if (place.current->up()) return {};
  if (place.current->state() == "paused") return {{Kind::unpause, name, ""}};
  std::vector<Move> moves{{Kind::await, place.wanted->name, ""}};
  if (place.prev && place.prev->up()) moves.push_back({Kind::stop, place.prev->name, ""});
  if (place.prev) moves.push_back({Kind::update, place.prev->name, ""});
  moves.push_back({Kind::start, name, ""});
  return moves;
}

/// The current one has its right name already.
std::vector<Move> replace(const Place& place, Prev prev, const std::vector<std::string>& networks) {
  const std::string& name = place.wanted->name;
  std::vector<Move> moves;
  if (place.prev && prev == Prev::drop) append(moves_to_remove(*place.prev), moves);
  const bool kept = place.prev && prev == Prev::keep;
  take_wrong_next_away(place, moves);
  if (!place.next_is_right) make(next_name(name), networks, moves);
  moves.push_back({Kind::await, name, ""});
  if (kept && place.prev->up()) moves.push_back({Kind::stop, prev_name(name), ""});
  moves.push_back({Kind::stop, name, ""});
  const bool vanishes = removes_itself(*place.current);
  if (kept && !vanishes)
    moves.push_back({Kind::remove, name, ""});
  else if (!vanishes)
    moves.push_back({Kind::rename, name, prev_name(name)});
  moves.push_back({Kind::rename, next_name(name), name});
  start(name, kept || !vanishes, moves);
  return moves;
}

}  // namespace

std::string text_of(const Move& move) {
  switch (move.kind) {
    case Kind::create:
      return "POST /containers/create " + move.name;
    case Kind::connect:
      return "POST /networks/connect " + move.other + " " + move.name;
    case Kind::stop:
      return "POST /containers/stop " + move.name;
    case Kind::rename:
      return "POST /containers/rename " + move.name + " " + move.other;
    case Kind::update:
      return "POST /containers/update " + move.name;
    case Kind::start:
      return "POST /containers/start " + move.name;
    case Kind::unpause:
      return "POST /containers/unpause " + move.name;
    case Kind::remove:
      return "DELETE /containers " + move.name;
    case Kind::await:
      break;
  }
  return "";
}

std::vector<std::string> declared(const std::vector<Move>& moves) {
  std::vector<std::string> texts;
  for (const auto& move : moves)
    if (auto text = text_of(move); !text.empty()) texts.push_back(std::move(text));
  return texts;
}

/// Somebody else (`docker compose up`, `docker start`) may have started it meanwhile.
std::vector<Move> moves_to_remove(const Seen& seen) {
  std::vector<Move> moves;
  if (seen.up()) moves.push_back({Kind::stop, seen.name, ""});
  moves.push_back({Kind::remove, seen.name, ""});
  return moves;
}

std::vector<Move> moves_to_run(const Place& place) {
  return place.current ? run(place, place.current->name) : std::vector<Move>{};
}

std::vector<Move> moves_to_match(const Place& place, Prev prev,
                                 const std::vector<std::string>& networks) {
  const std::string& name = place.wanted->name;
  if (place.well_placed()) return {};
  if (place.current && place.differences.empty()) return moves_to_run(place);
  if (place.current && !place.never_ran()) {
    // Its right name first: nobody is stopped for a name, and what follows knows one case less.
    std::vector<Move> moves;
    const bool misnamed = place.current->name != name;
    if (misnamed) moves.push_back({Kind::rename, place.current->name, name});
    append(misnamed && place.differences.size() == 1 ? run(place, name)
                                                     : replace(place, prev, networks),
           moves);
    return moves;
  }

  // Nothing of that name, or something that never ran: made in place.
  std::vector<Move> moves;
  if (place.current) moves.push_back({Kind::remove, place.current->name, ""});
  take_wrong_next_away(place, moves);
  if (!place.next_is_right) make(name, networks, moves);
  moves.push_back({Kind::await, name, ""});
  if (place.next_is_right) moves.push_back({Kind::rename, next_name(name), name});
  if (place.prev && place.prev->up()) moves.push_back({Kind::stop, place.prev->name, ""});
  start(name, place.prev != nullptr, moves);
  return moves;
}

bool leaves_prev(const Place& place, const std::vector<Move>& moves) {
  const auto name = prev_name(place.wanted->name);
  bool there = place.prev != nullptr;
  for (const auto& move : moves) {
    if (move.kind == Kind::remove && move.name == name) there = false;
    if (move.kind == Kind::rename && move.other == name) there = true;
  }
  return there;
}

}  // namespace reconciler::docker
