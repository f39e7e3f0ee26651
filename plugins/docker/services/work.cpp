#include "plugins/docker/services/work.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "plugins/docker/services/data.hpp"
#include "plugins/docker/services/mounted.hpp"
#include "plugins/docker/services/mounts.hpp"
#include "plugins/docker/services/mover.hpp"
#include "plugins/docker/services/names.hpp"
#include "plugins/docker/services/resources.hpp"
#include "plugins/docker/services/state.hpp"
#include "plugins/docker/services/things.hpp"

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

/// What a container carries on with: the anonymous volumes of those before it, the newest first.
std::map<std::string, std::string> volumes_before(const Place& place) {
  std::map<std::string, std::string> volumes;
  for (const Seen* seen : {place.current, place.prev, place.next})
    if (seen)
      for (auto& [target, name] : anonymous_volumes(seen->inspect))
        volumes.try_emplace(target, std::move(name));
  return volumes;
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
      if (auto made = create_thing(context_, model_, input_); !made) return failed(made);
      return done();
    }
    auto look = look_again();
    if (!look) return failed(look);
    auto places = place_all(model_, *look, {});
    const auto found = std::ranges::find_if(places, [&](const Place& place) {
      return place.wanted->service == text_at(input_, "service") &&
             place.wanted->number == number_at(input_, "number", 1);
    });
    if (found == places.end()) return failure(stale("service " + text_at(input_, "service")));
    return attempt_.work.verb == "prune" ? prune(*look, *found, stop)
                                         : move(*look, places, *found, stop);
  }

 private:
  /// Who it waits for and borrows from is looked at too; the rest of the project is not.
  Result<Look> look_again() {
    Scope scope;
    scope.all = false;
    std::vector<std::string> open{text_at(input_, "service")};
    while (!open.empty()) {
      const auto service = open.back();
      open.pop_back();
      if (!scope.services.insert(service).second) continue;
      for (const auto& container : model_.containers)
        if (container.service == service)
          for (const auto& lender : lenders(container)) open.push_back(lender);
    }
    return look_at(context_.engine, context_.configs, model_, scope, context_.within(look_time));
  }

  Result<Outcome> move(const Look& look, const std::vector<Place>& places, Place& place,
                       std::stop_token stop) {
    const auto& expects = attempt_.work.expects;
    if (!expects.empty() && expects != identity(place, context_))
      return failure(stale("service " + place.wanted->service));
    // Another service's switch may have written the file anew already; this container still has the
    // one that was changed.
    if (truth_at(input_, "harmed") && place.differences.empty())
      place.differences.push_back({"mount", "", ""});
    if (const auto harmed = harmed_objects(*place.wanted); !harmed.empty())
      if (auto restored = grounds_.restore_objects(harmed); !restored) return failed(restored);
    const auto endpoints = all_endpoints(place, look);
    std::vector<std::string> networks;
    for (const auto& endpoint : endpoints) networks.push_back(endpoint.network);
    const auto moves =
        truth_at(input_, "as_it_is")
            ? moves_to_run(place)
            : moves_to_match(place, text_at(input_, "prev") == "keep" ? Prev::keep : Prev::drop,
                             networks);
    const bool creates =
        std::ranges::any_of(moves, [](const Move& m) { return m.kind == Move::Kind::create; });
    if (creates && place.image_id.empty())
      return failure(error("image.missing", fmt::format("image {} of service {} is not on the host",
                                                        text_at(place.wanted->config, "Image"),
                                                        place.wanted->service))
                         .next("plan again")
                         .passing());
    if (auto made = make_data(model_, grounds_.roots); !made) return failed(made);
    Mover mover(context_, model_, look, place, creation(look, places, place), progress_);
    if (auto moved = mover.carry_out(moves, endpoints, stop); !moved) return failed(moved);
    return done();
  }

  Creation creation(const Look& look, const std::vector<Place>& places, const Place& place) const {
    Creation creation;
    creation.environment = attempt_.environment;
    creation.lineage = attempt_.lineage;
    creation.attempt = attempt_.id;
    creation.image_id = place.image_id;
    creation.image_config = look.image_config(place.image_id);
    creation.volumes = volumes_before(place);
    creation.roots = grounds_.roots;
    for (const auto& other : places)
      if (other.current)
        creation.containers[fmt::format("@service:{}:{}", other.wanted->service,
                                        other.wanted->number)] = other.current->id;
    return creation;
  }

  /// The kept container goes only while the one that took its place is there as wanted.
  Result<Outcome> prune(const Look& look, const Place& place, std::stop_token stop) {
    const auto name = text_at(input_, "container");
    const Seen* seen = nullptr;
    for (const Seen* one : {place.prev, place.next})
      if (one && one->name == name) seen = one;
    if (!seen) return done();
    if (!attempt_.work.expects.empty() && attempt_.work.expects != seen->id)
      return failure(stale("container " + name));
    if (!place.well_placed() || health_of(place) == Health::unwell)
      return failure(stale(
          fmt::format("service {} is not well in its place: {}", place.wanted->service, name)));
    Mover mover(context_, model_, look, place, {}, progress_);
    if (auto gone = mover.carry_out(moves_to_remove(*seen), {}, stop); !gone) return failed(gone);
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
