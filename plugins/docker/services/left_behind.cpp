#include "plugins/docker/services/left_behind.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "plugins/docker/services/ids.hpp"
#include "plugins/docker/services/moves.hpp"
#include "plugins/docker/services/names.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

constexpr Duration longest_stop = std::chrono::minutes(10);  // whatever grace was asked for
constexpr std::string_view mark = "left_behind";

struct Left {
  std::string id;
  std::string name;
  std::string state;
  std::string service;
  std::vector<std::string> depends_on;
  bool runs() const { return state == "running" || state == "restarting" || state == "paused"; }
};

std::string label_of(const Json& thing, std::string_view name) {
  return text_at(member_or_null(thing, "Labels"), name);
}

/// Services by Compose's own label: `db:service_healthy:false,redis:service_started:false`.
std::vector<std::string> services_of(const std::string& depends_on) {
  std::vector<std::string> names;
  for (const auto& one : split(depends_on, ','))
    if (!one.empty()) names.push_back(one.substr(0, one.find(':')));
  return names;
}

class Finder {
 public:
  Finder(const Context& context, const EnvironmentId& id, const CompiledModel* model,
         const std::set<std::string>& lineages, Deadline deadline)
      : context_(context), id_(id), model_(model), lineages_(lineages), deadline_(deadline) {}

  Result<Observation> operator()() {
    if (model_) projects_.insert(model_->project);
    if (auto done = find_labelled(); !done) return failed(done);
    if (auto done = find_of_projects(); !done) return failed(done);
    for (const auto& left : left_) add(left);
    if (auto done = find_networks(); !done) return failed(done);
    if (auto done = tell_volumes(); !done) return failed(done);
    return std::move(seen_);
  }

 private:
  Result<Json> list(const std::string& what, const std::string& filter, const std::string& value) {
    const JsonObject filters{{filter, JsonArray{Json(value)}}};
    return context_.engine.get("/" + what + "?all=1&filters=" + url_encode(canonical(filters)),
                               deadline_);
  }

  Status take(const Json& container) {
    const auto lineage = label_of(container, label::lineage);
    if (!lineage.empty() && !lineages_.contains(lineage))
      return failure(
          error("state.lineage",
                fmt::format("container {} was made by another reconciler", name_of(container)))
              .with("theirs", printable(lineage, 60))
              .next(fmt::format("once the other is gone: reconciler adopt {} --lineage {}",
                                id_.text(), printable(lineage, 60))));
    left_.push_back({text_at(container, "Id"), name_of(container), text_at(container, "State"),
                     label_of(container, label::service),
                     services_of(label_of(container, "com.docker.compose.depends_on"))});
    projects_.insert(label_of(container, label::project));
    return {};
  }

  Status find_labelled() {
    auto all =
        list("containers/json", "label", fmt::format("{}={}", label::environment, id_.text()));
    if (!all) return failed(all);
    if (!all->is_array()) return {};
    for (const auto& container : all->get_array())
      if (auto taken = take(container); !taken) return taken;
    return {};
  }

  /// Of the environment's services, taken over and never made anew.
  bool taken_over(const Json& container) const {
    if (!model_ || label_of(container, label::project) != model_->project) return false;
    const auto service = label_of(container, label::service);
    return label_of(container, label::oneoff) != "True" &&
           std::ranges::find(model_->containers, service, &Container::service) !=
               model_->containers.end();
  }

  Status find_of_projects() {
    projects_.erase("");
    const auto projects = projects_;
    for (const auto& project : projects) {
      auto all = list("containers/json", "label", fmt::format("{}={}", label::project, project));
      if (!all) return failed(all);
      if (!all->is_array()) continue;
      for (const auto& container : all->get_array()) {
        const auto environment = label_of(container, label::environment);
        if (environment == id_.text()) continue;
        if (environment.empty() && taken_over(container)) {
          if (auto taken = take(container); !taken) return taken;
        } else {
          seen_.notices.push_back(
              fmt::format("container {} stays: it is not of {}", name_of(container), id_.text()));
        }
      }
    }
    return {};
  }

  void add(const Left& left) {
    Resource r;
    r.id = container_id(left.name);
    r.observed = context_.digest(Json(left.id));
    r.differences = {{"container", left.state, "removed"}};
    r.state = left.state;
    r.reason = left.state;
    r.ours = true;
    auto& works = r.remedies[Aim::remove];
    if (left.runs()) {
      Work stop = work(r.id, "stop", left);
      stop.phase = Phase::change;
      stop.calls = declared({{.kind = Move::Kind::stop, .name = left.name}});
      // Who depends on it is stopped before it.
      for (const auto& other : left_)
        if (std::ranges::find(other.depends_on, left.service) != other.depends_on.end())
          stop.needs.push_back(container_id(other.name));
      works.push_back(std::move(stop));
    }
    Work prune = work(r.id, "prune", left);
    prune.phase = Phase::prune;
    prune.calls = declared({{.kind = Move::Kind::remove, .name = left.name}});
    works.push_back(std::move(prune));
    seen_.resources.push_back(std::move(r));
  }

  static Work work(const ResourceId& target, const std::string& verb, const Left& left) {
    Work work;
    work.verb = verb;
    work.targets = {target};
    work.input = JsonObject{{mark, "container"}, {"id", left.id}, {"name", left.name}};
    work.expects = left.id;
    return work;
  }

  Status find_networks() {
    for (const auto& project : projects_) {
      auto all = list("networks", "label", fmt::format("{}={}", label::project, project));
      if (!all) return failed(all);
      if (!all->is_array()) continue;
      for (const auto& network : all->get_array())
        if (auto done = add_network(network); !done) return done;
    }
    return {};
  }

  Status add_network(const Json& network) {
    const std::string name = text_at(network, "Name");
    auto users = list("containers/json", "network", name);
    if (!users) return failed(users);
    Work work;
    work.phase = Phase::prune;
    work.verb = "prune";
    work.targets = {network_id(name)};
    work.input = JsonObject{{mark, "network"}, {"id", text_at(network, "Id")}, {"name", name}};
    work.expects = text_at(network, "Id");
    work.calls = declared({{.kind = Move::Kind::remove_network, .name = name}});
    if (users->is_array())
      for (const auto& user : users->get_array()) {
        if (std::ranges::find(left_, text_at(user, "Id"), &Left::id) == left_.end()) {
          seen_.notices.push_back(
              fmt::format("network {} stays: {} is on it", name, name_of(user)));
          return {};
        }
        work.needs.push_back(container_id(name_of(user)));
      }
    Resource r;
    r.id = work.targets.front();
    r.observed = context_.digest(Json(work.expects));
    r.differences = {{"network", "there", "removed"}};
    r.state = r.reason = "there";
    r.ours = true;
    r.remedies[Aim::remove] = {std::move(work)};
    seen_.resources.push_back(std::move(r));
    return {};
  }

  Status tell_volumes() {
    std::vector<std::string> names;
    for (const auto& project : projects_) {
      auto all = list("volumes", "label", fmt::format("{}={}", label::project, project));
      if (!all) return failed(all);
      const Json& volumes = member_or_null(*all, "Volumes");
      if (volumes.is_array())
        for (const auto& volume : volumes.get_array()) names.push_back(text_at(volume, "Name"));
    }
    if (!names.empty())
      seen_.notices.push_back(fmt::format("{} {} with what is in {}", enumerate(names),
                                          names.size() == 1 ? "stays" : "stay",
                                          names.size() == 1 ? "it" : "them"));
    return {};
  }

  static std::string name_of(const Json& container) {
    const auto names = texts_at(container, "Names");
    return names.empty() ? text_at(container, "Id") : names.front().substr(1);
  }

  const Context& context_;
  const EnvironmentId& id_;
  const CompiledModel* model_;
  const std::set<std::string>& lineages_;
  Deadline deadline_;
  std::set<std::string> projects_;
  std::vector<Left> left_;
  Observation seen_;
};

}  // namespace

Result<Observation> observe_left_behind(const Context& context, const EnvironmentId& id,
                                        const CompiledModel* model,
                                        const std::set<std::string>& lineages, Deadline deadline) {
  return Finder(context, id, model, lineages, deadline)();
}

bool is_left_behind(const Work& work) {
  return member(work.input, mark) != nullptr;
}

Result<Outcome> perform_left_behind(const Context& context, const Work& work) {
  const std::string id = text_at(work.input, "id");
  const std::string of = text_at(work.input, mark) == "network" ? "/networks/" : "/containers/";
  const bool stops = work.verb == "stop";
  auto done = stops ? context.engine.change("POST", of + id + "/stop", nullptr,
                                            context.within(longest_stop))
                    : context.engine.change("DELETE", of + id, nullptr, context.within(call_time));
  if (!done && done.error().code != "docker.not_found") return failed(done);
  return Outcome{Fate::succeeded, JsonObject{}};
}

}  // namespace reconciler::docker
