#include "plugins/docker/services/mover.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "plugins/docker/services/in_container.hpp"
#include "plugins/docker/services/mounts.hpp"
#include "plugins/docker/services/names.hpp"
#include "plugins/docker/services/resources.hpp"
#include "plugins/docker/services/things.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

constexpr Duration stop_margin = std::chrono::seconds(15);
constexpr Duration engine_grace = std::chrono::seconds(10);
constexpr Duration hook_time = std::chrono::minutes(10);

/// What the Engine itself waits before it kills.
Duration grace_of(const Json& inspect) {
  const Json* config = member(inspect, "Config");
  const Json* asked = config ? member(*config, "StopTimeout") : nullptr;
  if (!asked || !asked->is_number()) return engine_grace;
  return std::chrono::seconds(asked->to_number<std::int64_t>());
}

/// What a container carries on with: the anonymous volumes of those before it, the newest first.
std::map<std::string, std::string> volumes_before(const Place& place) {
  std::map<std::string, std::string> volumes;
  for (const Seen* seen : {place.current, place.prev, place.next, place.last_of_it()})
    if (seen)
      for (auto& [target, name] : anonymous_volumes(seen->inspect))
        volumes.try_emplace(target, std::move(name));
  for (const auto& [target, name] : place.wanted->volumes) volumes.try_emplace(target, name);
  return volumes;
}

bool mentions(const Error& e, std::string_view text) {
  return e.message.find(text) != std::string::npos;
}

/// How long the Engine may take to remove what it has begun to.
constexpr Duration removal_time = std::chrono::seconds(10);

bool is_gone(const Error& e) {
  return e.code == "docker.not_found" && mentions(e, "No such container");
}

/// 409 to a start, 500 to an update [measured: 20.10].
bool is_going(const Error& e) {
  return (e.code == "docker.conflict" || e.code == "docker.error") &&
         (mentions(e, "is marked for removal") || mentions(e, "is already in progress"));
}

}  // namespace

Mover::Mover(Context& context, const Stage& stage, Creation creation, Progress& progress)
    : context_(context), stage_(stage), creation_(std::move(creation)), progress_(progress) {
  for (const auto& member : stage.group.members)
    for (const Seen* seen :
         {member.place->current, member.place->next, member.place->prev, member.place->failed})
      if (seen) ids_[seen->name] = seen->id;
}

Status Mover::carry_out(const std::vector<Move>& moves, std::stop_token stop) {
  // Before the first thing is stopped: a name that is held would leave it stopped.
  if (auto free = names_are_free(moves); !free) return free;
  if (auto free = networks_are_free(moves); !free) return free;
  bool stopped = false;
  auto before = Move::Kind::await;
  for (const auto& move : moves) {
    const bool ends_one = move.kind == Move::Kind::pre_stop || move.kind == Move::Kind::stop;
    if (ends_one && move.kind != before)
      if (auto there = all_are_there({&move, moves.data() + moves.size()}); !there) return there;
    before = move.kind;
    // From the first stop on it is carried through: half a switch is nobody's wish.
    stopped = stopped || move.kind == Move::Kind::stop;
    if (stop.stop_requested() && &move == &moves.front())
      return failure(
          error("apply.stopped", "stopped before anything of this action was done").passing());
    auto done = carry_out_one(move, stopped ? std::stop_token{} : stop);
    if (!done && (is_gone(done.error()) || is_going(done.error())))
      return failure(removed_meanwhile(move, done.error()));
    if (!done) return done;
  }
  return {};
}

/// `docker rm -f` says that a container ended before it is gone: what is done about that meets it
/// half removed. Nothing failed then, and the next look sees what is there. One that stays half
/// removed is nothing that another try mends.
Error Mover::removed_meanwhile(const Move& move, const Error& e) {
  const std::string again = "reconciler apply " + creation_.environment.text();
  const auto id = id_of(move.name);
  const Deadline deadline = context_.within(removal_time);
  while (is_going(e) && id) {
    auto there = context_.engine.get("/containers/" + *id + "/json", context_.within(call_time));
    if (!there) break;
    if (deadline.passed(context_.clock))
      return error("container.half_removed",
                   fmt::format("container {} was to be removed, and is still there", move.name))
          .with("engine", e.message)
          .next(fmt::format("docker rm -f {}; then: {}", move.name, again));
    context_.clock.wait_until(context_.clock.now() + std::chrono::milliseconds(200), {});
  }
  return error("plan.stale",
               fmt::format("container {} was removed by somebody else just then", move.name))
      .with("engine", e.message)
      .next(again + ", which plans again; run does so by itself")
      .passing();
}

Status Mover::carry_out_one(const Move& move, std::stop_token stop) {
  using Kind = Move::Kind;
  switch (move.kind) {
    case Kind::create:
      return create(move.name);
    case Kind::connect:
      return connect(move);
    case Kind::copy:
      return copy_file(move);
    case Kind::await:
    case Kind::await_members:
      return await(move, stop);
    case Kind::pre_stop:
    case Kind::post_start:
      return run_hook(move, stop);
    case Kind::stop:
      return stop_container(move.name);
    case Kind::remove_network:
      return remove_network(context_, move.name);
    case Kind::create_network:
      return create_thing(context_, stage_.model, JsonObject{{"network", move.name}}, creation_);
    case Kind::rename:
      return rename(move);
    case Kind::start:
      return start(move.name);
    case Kind::update:
      return give_restart_policy(move.name, JsonObject{{"Name", "no"}});
    case Kind::restart_policy:
      return give_restart_policy(
          move.name,
          member_or_null(member_or_null(member_of(move.name).place->wanted->config, "HostConfig"),
                         "RestartPolicy"));
    case Kind::unpause:
    case Kind::remove:
      break;
  }
  auto id = id_of(move.name);
  if (!id) return failed(id);
  if (move.kind == Kind::remove) {
    auto done = context_.engine.change("DELETE", "/containers/" + *id + "?v=false", nullptr,
                                       context_.within(call_time));
    ids_.erase(move.name);
    if (!done && done.error().code != "docker.not_found") return failed(done);
    return {};
  }
  auto done = context_.engine.change("POST", "/containers/" + *id + "/unpause", nullptr,
                                     context_.within(call_time));
  if (!done) return failed(done);
  return {};
}

Status Mover::give_restart_policy(const std::string& name, const Json& policy) {
  auto id = id_of(name);
  if (!id) return failed(id);
  const bool none = text_at(policy, "Name").empty();
  const Json body = JsonObject{{"RestartPolicy", none ? Json(JsonObject{{"Name", "no"}}) : policy}};
  auto done = context_.engine.change("POST", "/containers/" + *id + "/update", &body,
                                     context_.within(call_time));
  if (!done) return failed(done);
  return {};
}

const Member& Mover::member_of(const std::string& name) const {
  for (const auto& member : stage_.group.members) {
    const auto& own = member.place->wanted->name;
    if (name == own || name == next_name(own) || name == prev_name(own) || name == failed_name(own))
      return member;
    if (member.place->current && member.place->current->name == name) return member;
  }
  return stage_.group.members.front();
}

std::map<std::string, std::string> Mover::references(bool by_name) const {
  std::map<std::string, std::string> out;
  for (const auto& place : stage_.places) {
    const auto& name = place.wanted->name;
    // While the new one is not yet in its place it is the one that will lend.
    const bool moves = stage_.group.find(place.wanted->service, place.wanted->number) != nullptr;
    auto found = !moves                ? ids_.end()
                 : place.prev_is_right ? ids_.find(prev_name(name))
                                       : ids_.find(next_name(name));
    if (found == ids_.end()) found = ids_.find(name);
    const std::string id = found != ids_.end() ? found->second
                           : place.current     ? place.current->id
                                               : "";
    if (id.empty()) continue;
    out[by_name ? name
                : fmt::format("@service:{}:{}", place.wanted->service, place.wanted->number)] = id;
  }
  return out;
}

Status Mover::await(const Move& move, std::stop_token stop) {
  const Container& wanted = *member_of(move.name).place->wanted;
  const bool members = move.kind == Move::Kind::await_members;
  std::vector<Dependency> dependencies;
  for (const auto& on : wanted.depends_on) {
    const bool member = std::ranges::any_of(stage_.group.members, [&](const Member& other) {
      return other.place->wanted->service == on.service && on.service != wanted.service;
    });
    if (member == members) dependencies.push_back(on);
  }
  const auto patience = std::max<Duration>(stage_.model.patience, std::chrono::minutes(2));
  return await_dependencies(context_, stage_.model, dependencies, progress_,
                            context_.within(patience), std::move(stop));
}

Status Mover::run_hook(const Move& move, std::stop_token stop) {
  const Place& place = *member_of(move.name).place;
  const bool before_stop = move.kind == Move::Kind::pre_stop;
  const auto& hooks = before_stop ? place.pre_stop : place.wanted->post_start;
  auto id = id_of(move.name);
  if (!id) return failed(id);
  auto ran = run_in_container(
      context_, *id, hooks.at(move.index), context_.within(hook_time),
      [this](std::string_view line) { progress_.line(printable(line)); }, std::move(stop));
  if (!ran) return failed(ran);
  if (*ran == 0) return {};
  Error e = error("service.hook_failed", fmt::format("a {} hook of service {} exited {}",
                                                     before_stop ? "pre_stop" : "post_start",
                                                     place.wanted->service, *ran));
  // What is in a sealed record may hold values that nobody knows any more to take them out.
  if (!before_stop || place.pre_stop_record.box.empty())
    e.facts.push_back(
        {"command", printable(canonical(member_or_null(hooks.at(move.index), "Cmd")), 200)});
  return failure(std::move(e));
}

Result<std::string> Mover::id_of(const std::string& name) const {
  const auto found = ids_.find(name);
  if (found != ids_.end()) return found->second;
  return failure(
      error("container.gone", fmt::format("container {} is not there any more", name)).passing());
}

Status Mover::create(const std::string& name) {
  const Place& place = *member_of(name).place;
  const Container& wanted = *place.wanted;
  Creation creation = creation_;
  creation.image_id = place.image_id;
  creation.image_config = stage_.look.image_config(place.image_id);
  creation.volumes = volumes_before(place);
  creation.containers = references(false);
  for (const auto& [key, value] : wanted.recorded_labels) creation.labels[key] = value;
  if (!lenders(wanted).empty() && wanted.recorded_labels.empty()) {
    // Compose's hash holds the ids that it refers to.
    auto hash = context_.compiler.config_hash(stage_.model, wanted, references(true),
                                              context_.within(call_time));
    if (!hash) return failed(hash);
    creation.labels[std::string(label::config_hash)] = *hash;
    creation.labels[std::string(label::compiled_hash)] =
        text_at(member_or_null(wanted.config, "Labels"), label::config_hash);
  }
  auto body = creation_body(wanted, creation);
  if (!body) return failed(body);
  const auto platform = wanted.platform.empty() ? "" : "&platform=" + url_encode(wanted.platform);
  auto made =
      context_.engine.change("POST", "/containers/create?name=" + url_encode(name) + platform,
                             &*body, context_.within(call_time));
  if (!made) return failure(create_error(name, std::move(made.error())));
  ids_[name] = text_at(*made, "Id");
  return {};
}

Error Mover::create_error(const std::string& name, Error e) {
  const Container& wanted = *member_of(name).place->wanted;
  if (e.code == "docker.not_found" && mentions(e, "image"))
    return error("image.missing", fmt::format("image {} of service {} is not on the host",
                                              text_at(wanted.config, "Image"), wanted.service))
        .with("engine", e.message)
        .passing();
  if (e.code == "docker.conflict") return held(name, holder_of(name));
  return e;
}

Status Mover::copy_file(const Move& move) {
  auto id = id_of(move.name);
  if (!id) return failed(id);
  return put_file(context_, *id, member_of(move.name).place->wanted->files.at(move.index));
}

Status Mover::connect(const Move& move) {
  auto id = id_of(move.name);
  if (!id) return failed(id);
  Json config = JsonObject{};
  for (const auto& endpoint : all_endpoints(*member_of(move.name).place, stage_.look))
    if (endpoint.network == move.other && endpoint.config.is_object()) config = endpoint.config;
  const Json body = JsonObject{{"Container", *id}, {"EndpointConfig", std::move(config)}};
  auto done = context_.engine.change("POST", "/networks/" + url_encode(move.other) + "/connect",
                                     &body, context_.within(call_time));
  if (!done) return failed(done);
  return {};
}

Status Mover::stop_container(const std::string& name) {
  auto id = id_of(name);
  if (!id) return failed(id);
  const Seen* seen = stage_.look.container_by_id(*id);
  const auto grace = seen ? grace_of(seen->inspect) : engine_grace;
  if (seen && !stage_.group.members.empty() &&
      truth_at(member_or_null(seen->inspect, "State"), "Running"))
    downtime_.stopped(member_of(name).place->wanted->name, context_.clock.now());
  auto done = context_.engine.change("POST", "/containers/" + *id + "/stop", nullptr,
                                     context_.within(grace + stop_margin));
  if (done || done.error().code == "docker.not_found") return {};
  if (done.error().code != "docker.timeout") return failed(done);
  // The Engine finishes a stop after its client has gone: look again before saying that it failed.
  auto now = context_.engine.get("/containers/" + *id + "/json", context_.within(call_time));
  if (!now && now.error().code == "docker.not_found") return {};
  if (!now) return failed(now);
  const Json* state = member(*now, "State");
  if (state && !truth_at(*state, "Running")) return {};
  return failure(
      error("service.stop_timeout",
            fmt::format("container {} still runs {} after it was told to stop; its grace is {}",
                        name, for_people(grace + stop_margin), for_people(grace)))
          .passing());
}

Status Mover::rename(const Move& move) {
  auto id = id_of(move.name);
  if (!id) return failed(id);
  auto done = context_.engine.change(
      "POST", "/containers/" + *id + "/rename?name=" + url_encode(move.other), nullptr,
      context_.within(call_time));
  if (!done && done.error().code == "docker.conflict")
    return failure(held(move.other, holder_of(move.other)));
  if (!done) return failed(done);
  ids_[move.other] = *id;
  ids_.erase(move.name);
  return {};
}

Status Mover::start(const std::string& name) {
  auto id = id_of(name);
  if (!id) return failed(id);
  auto done = context_.engine.start(*id, context_.within(call_time));
  if (done && !stage_.group.members.empty())
    downtime_.started(member_of(name).place->wanted->name, context_.clock.now());
  if (done) return {};
  // An orphan is no member's.
  const auto what = stage_.group.members.empty()
                        ? "container " + name
                        : "service " + member_of(name).place->wanted->service;
  Error& e = done.error();
  if (mentions(e, "port is already allocated") || mentions(e, "address already in use"))
    return failure(error("service.port_taken",
                         fmt::format("{} cannot start: a port that it publishes is taken", what))
                       .with("engine", e.message)
                       .next("stop what listens there, or publish another port")
                       .passing());
  if (e.code != "docker.error") return failed(done);
  return failure(error("service.start_failed", fmt::format("{} cannot start", what))
                     .with("engine", e.message));
}

}  // namespace reconciler::docker
