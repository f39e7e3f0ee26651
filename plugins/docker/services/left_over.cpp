#include "plugins/docker/services/left_over.hpp"

#include <algorithm>
#include <cstdlib>

#include "plugins/docker/services/moves.hpp"
#include "plugins/docker/services/names.hpp"

namespace reconciler::docker {
namespace {

constexpr const char* why = "of a version that was never recorded, and nothing wants it now";

void add_container(const Context& context, const Observed& observed, const Seen& seen,
                   Observation& into) {
  Resource r;
  r.id = container_id(seen.name);
  r.observed = context.digest(Json(seen.id));
  r.differences = {{"container", seen.state(), "removed"}};
  r.state = seen.state();
  r.reason = why;
  r.ours = true;
  Work work;
  work.verb = "remove";
  work.targets = {r.id};
  work.input =
      JsonObject{{"unowned", true}, {"container", seen.name}, {"model", observed.model.key}};
  work.expects = seen.id;
  work.calls = declared(moves_to_remove(seen));
  r.remedies[Aim::remove] = {std::move(work)};
  into.resources.push_back(std::move(r));
}

void add_network(const Context& context, const Observed& observed, const std::string& name,
                 const SeenThing& there, Observation& into) {
  Resource r;
  r.id = network_id(name);
  r.observed = context.digest(Json(there.id));
  r.differences = {{"network", "there", "removed"}};
  r.state = "there";
  r.health = Health::none;
  r.reason = why;
  r.ours = true;
  Work work;
  work.verb = "remove";
  work.targets = {r.id};
  // Once nobody who is changed is on it any more.
  for (const Seen* seen : left_over_containers(observed))
    work.needs.push_back(container_id(seen->name));
  for (const auto& container : observed.model.containers)
    work.needs.push_back(service_id(container));
  work.input = JsonObject{{"network", name}, {"model", observed.model.key}};
  work.expects = there.id;
  work.calls = declared({{.kind = Move::Kind::remove_network, .name = name}});
  r.remedies[Aim::remove] = {std::move(work)};
  into.resources.push_back(std::move(r));
}

bool is_wanted(const Observed& observed, const Seen& seen) {
  return std::ranges::any_of(observed.model.containers, [&](const Container& container) {
    return container.service == seen.service && container.number == seen.number;
  });
}

}  // namespace

bool is_of_environment(const Observed& observed, const Json& labels) {
  const auto& lineage = observed.memory.lineage;
  return !lineage.empty() && text_at(labels, label::lineage) == lineage &&
         text_at(labels, label::environment) == observed.id.text();
}

bool is_of_no_version(const Observed& observed, const Json& labels) {
  return is_of_environment(observed, labels) &&
         std::atoll(text_at(labels, label::attempt).c_str()) > observed.memory.recorded_attempt;
}

std::vector<const Seen*> left_over_containers(const Observed& observed) {
  std::vector<const Seen*> all;
  for (const auto& seen : observed.look.containers) {
    const Json& labels = member_or_null(member_or_null(seen.inspect, "Config"), "Labels");
    if (!seen.oneoff && !is_wanted(observed, seen) && is_of_no_version(observed, labels))
      all.push_back(&seen);
  }
  return all;
}

void observe_left_over(const Context& context, const Observed& observed, Observation& into) {
  for (const Seen* seen : left_over_containers(observed))
    add_container(context, observed, *seen, into);
  for (const auto& [name, there] : observed.look.networks)
    if (std::ranges::find(observed.model.networks, name, &Network::name) ==
            observed.model.networks.end() &&
        is_of_no_version(observed, member_or_null(there.inspect, "Labels")))
      add_network(context, observed, name, there, into);
}

}  // namespace reconciler::docker
