#include "plugins/docker/services/work.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "plugins/docker/services/data.hpp"
#include "plugins/docker/services/mounted.hpp"
#include "plugins/docker/services/mounts.hpp"
#include "plugins/docker/services/mover.hpp"
#include "plugins/docker/services/names.hpp"
#include "plugins/docker/services/orphans.hpp"
#include "plugins/docker/services/pre_stop.hpp"
#include "plugins/docker/services/refusals.hpp"
#include "plugins/docker/services/resources.hpp"
#include "plugins/docker/services/state.hpp"
#include "plugins/docker/services/things.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

constexpr Duration look_time = std::chrono::seconds(30);

Outcome done(JsonObject evidence = {}) {
  return {Fate::succeeded, Json(std::move(evidence))};
}

Error stale(const std::string& what) {
  return error("plan.stale", fmt::format("{} is not as it was when the plan was made", what))
      .next("plan again")
      .passing();
}

class ServiceWork {
 public:
  ServiceWork(Context& context, const CompiledModel& model, const Attempt& attempt,
              const Grounds& grounds, Progress& progress)
      : context_(context),
        model_(model),
        attempt_(attempt),
        input_(attempt.work.input),
        grounds_(grounds),
        progress_(progress) {}

  Result<Outcome> perform(std::stop_token stop) {
    if (attempt_.work.verb == "create") {
      // All that are missing are made in one go: each is a row of its own for people.
      auto made = member(input_, "folder") ? make_data(model_, grounds_.roots)
                                           : create_thing(context_, model_, input_, creation());
      if (!made) return failed(made);
      return done();
    }
    const auto& verb = attempt_.work.verb;
    if (verb == "remove" && member(input_, "network")) return take_network_away();
    if (verb == "prune" || verb == "stop" || verb == "remove" || is_unowned())
      return take_away(stop);
    auto look =
        look_at(context_.engine, context_.configs, model_, scope(), context_.within(look_time));
    if (!look) return failed(look);
    std::set<std::string> networks;
    for (auto& name : texts_at(input_, "networks")) networks.insert(std::move(name));
    auto places = place_all(model_, *look, {{}, networks});
    return move(*look, places, stop);
  }

 private:
  /// The members and those who lend to them are looked at; the rest of the project is not.
  Scope scope() const {
    Scope scope;
    scope.all = is_unowned() || member(input_, "leaving");
    std::vector<std::string> open;
    if (const auto service = text_at(input_, "service"); !service.empty()) open.push_back(service);
    for (const Json& member : members()) open.push_back(text_at(member, "service"));
    while (!open.empty()) {
      const auto service = open.back();
      open.pop_back();
      if (!scope.services.insert(service).second) continue;
      for (const auto& container : model_.containers)
        if (container.service == service)
          for (const auto& lender : lenders(container)) open.push_back(lender);
    }
    return scope;
  }

  const JsonArray& members() const {
    static const JsonArray none;
    const Json& list = member_or_null(input_, "members");
    return list.is_array() ? list.get_array() : none;
  }

  Result<Group> group_of(const Look& look, std::vector<Place>& places) const {
    Group group;
    group.networks = texts_at(input_, "networks");
    for (const Json& one : members()) {
      const auto found = std::ranges::find_if(places, [&](const Place& place) {
        return place.wanted->service == text_at(one, "service") &&
               place.wanted->number == number_at(one, "number", 1);
      });
      const bool restarts = text_at(one, "role") == "restart";
      if (found == places.end() || (restarts && !found->current))
        return failure(stale("service " + text_at(one, "service")));
      // Another service's switch may have written the file anew already; this container still has
      // the one that was changed.
      if (truth_at(one, "harmed") && found->differences.empty())
        found->differences.push_back({"mount", "", ""});
      if (auto taken = take_pre_stop(context_, attempt_, one, *found); !taken) return failed(taken);
      group.members.push_back({.place = &*found,
                               .role = restarts ? Member::Role::restart : Member::Role::match,
                               .prev = text_at(one, "prev") == "keep" ? Prev::keep : Prev::drop,
                               .networks = network_names(all_endpoints(*found, look))});
    }
    return group;
  }

  Result<Outcome> move(const Look& look, std::vector<Place>& places, std::stop_token stop) {
    auto group = group_of(look, places);
    if (!group) return failed(group);
    const auto& expects = attempt_.work.expects;
    if (!expects.empty() && expects != identity(*group, context_))
      return failure(
          stale(count(group->members.size(), "service") + " of " + attempt_.environment.text()));
    std::set<std::string> harmed;
    for (const auto& member : group->members)
      for (auto& path : harmed_objects(*member.place->wanted)) harmed.insert(std::move(path));
    if (!harmed.empty())
      if (auto restored = grounds_.restore_objects({harmed.begin(), harmed.end()}); !restored)
        return failed(restored);
    const auto moves =
        truth_at(input_, "as_it_is") ? moves_as_it_is(*group) : docker::moves_of(*group);
    // An image that was pulled meanwhile, a person's hand: what was shown is done, or nothing. One
    // that came to run beside it is named by the next look.
    if (!all_declared(declared(moves), attempt_.work.calls) || !check_alone(*group, moves).empty())
      return failure(
          stale(count(group->members.size(), "service") + " of " + attempt_.environment.text()));
    if (auto there = images_are_there(*group, moves); !there) return failed(there);
    if (auto made = make_data(model_, grounds_.roots); !made) return failed(made);
    Mover mover(context_, {model_, look, places, *group}, creation(), progress_);
    for (const auto& name : texts_at(input_, "leaving"))
      if (const auto seen = std::ranges::find(look.containers, name, &Seen::name);
          seen != look.containers.end())
        mover.know(*seen);
    auto evidence = networks_before(look, *group);
    if (auto moved = mover.carry_out(moves, stop); !moved) return failed(moved);
    if (auto words = how_it_went(*group, mover.downtime()); !words.empty())
      evidence["detail"] = std::move(words);
    return done(std::move(evidence));
  }

  /// `the container that ran before; down for 2 s`
  static std::string how_it_went(const Group& group, const Downtime& downtime) {
    std::vector<std::string> words;
    const bool back =
        !group.members.empty() && std::ranges::all_of(group.members, [](const Member& member) {
          return member.place->prev_is_right;
        });
    if (back)
      words.push_back(group.members.size() == 1 ? "the container that ran before"
                                                : "the containers that ran before");
    if (auto down = downtime.words(); !down.empty()) words.push_back(std::move(down));
    return join(words, "; ");
  }

  static Status images_are_there(const Group& group, const std::vector<Move>& moves) {
    for (const auto& move : moves)
      for (const auto& member : group.members) {
        const Place& place = *member.place;
        const bool made =
            move.kind == Move::Kind::create &&
            (move.name == place.wanted->name || move.name == next_name(place.wanted->name));
        if (!made || !place.image_id.empty()) continue;
        return failure(
            error("image.missing",
                  fmt::format("image {} of service {} is not on the host",
                              text_at(place.wanted->config, "Image"), place.wanted->service))
                .next("plan again")
                .passing());
      }
    return {};
  }

  /// How a network that is made anew was, and who was on it how: the way back makes it again.
  static JsonObject networks_before(const Look& look, const Group& group) {
    JsonObject out;
    for (const auto& name : group.networks) {
      const auto found = look.networks.find(name);
      if (found == look.networks.end()) continue;
      JsonObject users;
      for (const auto& member : group.members)
        if (member.place->current)
          if (const Json& endpoint = member_or_null(
                  member_or_null(member_or_null(member.place->current->inspect, "NetworkSettings"),
                                 "Networks"),
                  name);
              endpoint.is_object())
            users[member.place->current->name] = endpoint;
      out[name] = JsonObject{{"definition", found->second.inspect}, {"users", std::move(users)}};
    }
    if (out.empty()) return {};
    return JsonObject{{"networks_before", std::move(out)}};
  }

  Creation creation() const {
    Creation creation;
    creation.environment = attempt_.environment;
    creation.lineage = attempt_.lineage;
    creation.attempt = attempt_.id;
    creation.roots = grounds_.roots;
    return creation;
  }

  /// One that nothing wants any more; whoever else is on it keeps it.
  Result<Outcome> take_network_away() {
    const auto name = text_at(input_, "network");
    auto gone = remove_network(context_, name);
    if (!gone && gone.error().code != "network.in_use") return failed(gone);
    if (gone) return done();
    const auto stays = fmt::format("network {} is in use by others, and stays", name);
    progress_.line(stays);
    return done({{"detail", stays}});
  }

  /// More of a service than is asked for, an orphan, or left by a version that was never recorded.
  bool is_unowned() const { return truth_at(input_, "unowned"); }

  std::vector<Move> moves_of(const Seen& seen) const {
    const auto& verb = attempt_.work.verb;
    if (verb == "prune" || verb == "remove") return moves_to_remove(seen);
    if (is_unowned()) return moves_of_orphan(seen, verb);
    return {{.kind = Move::Kind::stop, .name = seen.name}};
  }

  /// A container that is nobody's place any more: stopped, or stopped and removed; an orphan also
  /// started again.
  Result<Outcome> take_away(std::stop_token stop) {
    auto look =
        look_at(context_.engine, context_.configs, model_, scope(), context_.within(look_time));
    if (!look) return failed(look);
    const auto name = text_at(input_, "container");
    const auto seen = std::ranges::find(look->containers, name, &Seen::name);
    if (seen == look->containers.end()) return done();
    if (!attempt_.work.expects.empty() && attempt_.work.expects != seen->id)
      return failure(stale("container " + name));
    const auto places = place_all(model_, *look, {});
    Group group;
    if (!is_unowned()) {
      const auto place = std::ranges::find_if(places, [&](const Place& one) {
        return one.wanted->service == text_at(input_, "service") &&
               one.wanted->number == number_at(input_, "number", 1);
      });
      if (place == places.end() ||
          (place->prev != &*seen && place->next != &*seen && place->failed != &*seen))
        return failure(stale("container " + name));
      // The kept container goes only while the one that took its place is there as wanted.
      if (attempt_.work.verb == "prune" &&
          (!place->well_placed() || health_of(*place) == Health::unwell))
        return failure(stale(
            fmt::format("service {} is not well in its place: {}", place->wanted->service, name)));
      group.members.push_back({.place = &*place, .networks = {}});
    }
    Mover mover(context_, {model_, *look, places, group}, {}, progress_);
    mover.know(*seen);
    if (auto gone = mover.carry_out(moves_of(*seen), stop); !gone) return failed(gone);
    return done();
  }

  Context& context_;
  const CompiledModel& model_;
  const Attempt& attempt_;
  const Json& input_;
  const Grounds& grounds_;
  Progress& progress_;
};

}  // namespace

Result<Outcome> perform_service_work(Context& context, const CompiledModel& model,
                                     const Attempt& attempt, const Grounds& grounds,
                                     Progress& progress, std::stop_token stop) {
  return ServiceWork(context, model, attempt, grounds, progress).perform(std::move(stop));
}

}  // namespace reconciler::docker
