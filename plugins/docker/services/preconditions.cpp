// What a Mover looks at before it stops anything: what would be in its way when nobody serves.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "plugins/docker/services/mover.hpp"
#include "plugins/docker/services/names.hpp"
#include "plugins/docker/services/things.hpp"

namespace reconciler::docker {

Error name_taken(const std::string& name, const std::string& project) {
  return error("container.name_taken",
               fmt::format("the name {} is held by a container that is not of project {}", name,
                           project))
      .next(fmt::format("rename or remove that container: docker rename {} OTHER", name));
}

Error Mover::held(const std::string& name, Result<Json> holder) const {
  if (!holder && holder.error().code != "docker.not_found") return std::move(holder.error());
  const auto project =
      holder ? text_at(member_or_null(member_or_null(*holder, "Config"), "Labels"), label::project)
             : stage_.model.project;
  const bool was_there = holder && std::ranges::find(stage_.look.containers, text_at(*holder, "Id"),
                                                     &Seen::id) != stage_.look.containers.end();
  if (project != stage_.model.project || was_there) return name_taken(name, stage_.model.project);
  return error("plan.stale", fmt::format("a container got the name {} just then, by somebody else "
                                         "who is at project {}",
                                         name, project))
      .next("plan again")
      .passing();
}

Result<Json> Mover::holder_of(const std::string& name) const {
  return context_.engine.get("/containers/" + url_encode(name) + "/json",
                             context_.within(call_time));
}

Status Mover::names_are_free(const std::vector<Move>& moves) {
  for (const auto& move : moves) {
    if (move.kind != Move::Kind::rename || ids_.contains(move.other)) continue;
    auto holder = holder_of(move.other);
    if (holder || holder.error().code != "docker.not_found")
      return failure(held(move.other, std::move(holder)));
  }
  return {};
}

Status Mover::networks_are_free(const std::vector<Move>& moves) {
  std::set<std::string> own;
  for (const auto& [name, id] : ids_) own.insert(id);
  for (const auto& move : moves)
    if (move.kind == Move::Kind::remove_network)
      if (auto free = check_users(context_, move.name, own); !free) return free;
  return {};
}

/// While others were waited for, a prune may have taken what does not run: the new one, the kept
/// one.
Status Mover::all_are_there(std::span<const Move> moves) {
  std::set<std::string> asked;
  std::set<std::string> given;  // names that are others' by the time that they are started
  for (const auto& move : moves) {
    if (move.kind == Move::Kind::rename) given.insert(move.other);
    if (move.kind == Move::Kind::start && given.contains(move.name)) continue;
    if (move.kind != Move::Kind::start && move.kind != Move::Kind::rename) continue;
    const auto known = ids_.find(move.name);
    if (known == ids_.end() || !asked.insert(known->second).second) continue;
    auto there =
        context_.engine.get("/containers/" + known->second + "/json", context_.within(call_time));
    if (there) continue;
    if (there.error().code != "docker.not_found") return failed(there);
    return failure(removed_meanwhile(move, there.error()));
  }
  return {};
}

}  // namespace reconciler::docker
