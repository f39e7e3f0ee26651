#include "plugins/docker/services/mover.hpp"

#include <fmt/format.h>

#include "plugins/docker/services/names.hpp"

namespace reconciler::docker {
namespace {

constexpr Duration call_time = std::chrono::seconds(60);
constexpr Duration stop_margin = std::chrono::seconds(15);
constexpr Duration engine_grace = std::chrono::seconds(10);

/// What the Engine itself waits before it kills.
Duration grace_of(const Json& inspect) {
  const Json* config = member(inspect, "Config");
  const Json* asked = config ? member(*config, "StopTimeout") : nullptr;
  if (!asked || !asked->is_number()) return engine_grace;
  return std::chrono::seconds(asked->to_number<std::int64_t>());
}

bool mentions(const Error& e, std::string_view text) {
  return e.message.find(text) != std::string::npos;
}

}  // namespace

Mover::Mover(Context& context, const CompiledModel& model, const Look& look, const Place& place,
             Creation creation, Progress& progress)
    : context_(context),
      model_(model),
      look_(look),
      place_(place),
      creation_(std::move(creation)),
      progress_(progress) {
  for (const Seen* seen : {place.current, place.next, place.prev})
    if (seen) ids_[seen->name] = seen->id;
}

Status Mover::names_are_free(const std::vector<Move>& moves) {
  for (const auto& move : moves) {
    if (move.kind != Move::Kind::rename || ids_.contains(move.other)) continue;
    auto holder = context_.engine.get("/containers/" + url_encode(move.other) + "/json",
                                      context_.within(call_time));
    if (holder) return failure(name_taken(move.other));
    if (holder.error().code != "docker.not_found") return failed(holder);
  }
  return {};
}

Status Mover::carry_out(const std::vector<Move>& moves, const std::vector<Endpoint>& endpoints,
                        std::stop_token stop) {
  // Before the first thing is stopped: a name that is held would leave it stopped.
  if (auto free = names_are_free(moves); !free) return free;
  for (const auto& move : moves) {
    if (stop.stop_requested() && &move == &moves.front())
      return failure(
          error("apply.stopped", "stopped before anything of this action was done").passing());
    if (auto done = carry_out_one(move, endpoints, stop); !done) return done;
  }
  return {};
}

Status Mover::carry_out_one(const Move& move, const std::vector<Endpoint>& endpoints,
                            std::stop_token stop) {
  using Kind = Move::Kind;
  switch (move.kind) {
    case Kind::create:
      return create(move.name);
    case Kind::connect:
      return connect(move, endpoints);
    case Kind::stop:
      return stop_container(move.name);
    case Kind::rename:
      return rename(move);
    case Kind::start:
      return start(move.name);
    case Kind::await:
      return await_dependencies(
          context_, model_, place_.wanted->depends_on, progress_,
          context_.within(std::max<Duration>(model_.patience, std::chrono::minutes(2))), stop);
    case Kind::update:
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
  const Json never = JsonObject{{"RestartPolicy", JsonObject{{"Name", "no"}}}};
  const bool update = move.kind == Kind::update;
  auto done =
      context_.engine.change("POST", "/containers/" + *id + (update ? "/update" : "/unpause"),
                             update ? &never : nullptr, context_.within(call_time));
  if (!done) return failed(done);
  return {};
}

Result<std::string> Mover::id_of(const std::string& name) const {
  const auto found = ids_.find(name);
  if (found != ids_.end()) return found->second;
  return failure(
      error("container.gone", fmt::format("container {} is not there any more", name)).passing());
}

Status Mover::create(const std::string& name) {
  auto body = creation_body(*place_.wanted, creation_);
  if (!body) return failed(body);
  auto made = context_.engine.change("POST", "/containers/create?name=" + url_encode(name), &*body,
                                     context_.within(call_time));
  if (!made) return failure(create_error(name, std::move(made.error())));
  ids_[name] = text_at(*made, "Id");
  return {};
}

Error Mover::create_error(const std::string& name, Error e) {
  const auto reference = text_at(place_.wanted->config, "Image");
  if (e.code == "docker.not_found" && mentions(e, "image"))
    return error("image.missing", fmt::format("image {} of service {} is not on the host",
                                              reference, place_.wanted->service))
        .with("engine", e.message)
        .passing();
  if (e.code == "docker.conflict") return name_taken(name);
  return e;
}

Error Mover::name_taken(const std::string& name) const {
  return error("container.name_taken",
               fmt::format("the name {} is held by a container that is not of project {}", name,
                           model_.project))
      .next(fmt::format("rename or remove that container: docker rename {} OTHER", name));
}

Status Mover::connect(const Move& move, const std::vector<Endpoint>& endpoints) {
  auto id = id_of(move.name);
  if (!id) return failed(id);
  Json config = JsonObject{};
  for (const auto& endpoint : endpoints)
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
  const Seen* seen = look_.container_by_id(*id);
  const auto grace = seen ? grace_of(seen->inspect) : engine_grace;
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
  if (!done) return failure(create_error(move.other, std::move(done.error())));
  ids_[move.other] = *id;
  ids_.erase(move.name);
  return {};
}

Status Mover::start(const std::string& name) {
  auto id = id_of(name);
  if (!id) return failed(id);
  auto done = context_.engine.change("POST", "/containers/" + *id + "/start", nullptr,
                                     context_.within(call_time));
  if (done) return {};
  Error& e = done.error();
  if (mentions(e, "port is already allocated") || mentions(e, "address already in use"))
    return failure(error("service.port_taken",
                         fmt::format("service {} cannot start: a port that it publishes is taken",
                                     place_.wanted->service))
                       .with("engine", e.message)
                       .next("stop what listens there, or publish another port")
                       .passing());
  if (e.code != "docker.error") return failed(done);
  return failure(
      error("service.start_failed", fmt::format("service {} cannot start", place_.wanted->service))
          .with("engine", e.message));
}

}  // namespace reconciler::docker
