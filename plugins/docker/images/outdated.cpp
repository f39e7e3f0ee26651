// Images of versions that nobody counts on any more: by name, one at a time, while nothing uses
// them.
#include <fmt/format.h>

#include <algorithm>

#include "plugins/docker/images/images.hpp"
#include "plugins/docker/services/names.hpp"
#include "plugins/docker/services/place.hpp"
#include "plugins/docker/services/state.hpp"

namespace reconciler::docker {
namespace {

/// A container, wherever it comes from, running or not.
struct User {
  std::string id;
  std::string name;
  std::string image;     ///< as its maker wrote it
  std::string image_id;  ///< what that was
};

Result<std::vector<User>> users_on_host(const Context& context, Deadline deadline) {
  auto list = context.engine.get("/containers/json?all=1", deadline);
  if (!list) return failed(list);
  if (!list->is_array())
    return failure(error("docker.protocol", "the Engine's list of containers is no list"));
  std::vector<User> users;
  for (const Json& entry : list->as_array()) {
    const auto names = texts_at(entry, "Names");
    auto id = text_at(entry, "Id");
    auto name = names.empty() ? id.substr(0, 12) : names.front().substr(1);
    users.push_back(
        {std::move(id), std::move(name), text_at(entry, "Image"), text_at(entry, "ImageID")});
  }
  return users;
}

/// One that has other names too loses this one alone.
bool has_other_names(const std::vector<std::string>& tags) {
  return std::ranges::count_if(tags, [](const std::string& tag) { return !is_by_digest(tag); }) > 1;
}

bool uses(const User& user, const std::string& reference, const std::string& id,
          const std::vector<std::string>& tags) {
  return familiar_reference(user.image) == familiar_reference(reference) ||
         (user.image_id == id && !has_other_names(tags));
}

/// What is gone by the time that images are removed: what this observation offers to remove, and
/// what a service has that is not as wanted.
std::set<std::string> leaving(const Observed& observed, const Observation& seen) {
  std::set<std::string> names;
  for (const auto& r : seen.resources)
    if (r.id.kind == "container" && r.remedies.contains(Aim::remove)) names.insert(r.id.name);
  std::set<std::string> ids;
  for (const auto& container : observed.look.containers)
    if (names.contains(container.name)) ids.insert(container.id);
  for (const auto& place : place_all(observed.model, observed.look, {})) {
    for (const Seen* one : {place.next, place.prev, place.failed})
      if (one) ids.insert(one->id);
    if (place.current && !place.well_placed()) ids.insert(place.current->id);
  }
  return ids;
}

/// What is taken away before images are.
std::vector<ResourceId> pruned(const Observation& seen) {
  std::set<ResourceId> all;
  for (const auto& r : seen.resources)
    for (const auto& [aim, works] : r.remedies)
      for (const auto& work : works)
        if (work.phase == Phase::prune) all.insert(work.targets.begin(), work.targets.end());
  return {all.begin(), all.end()};
}

bool is_wanted(const CompiledModel& model, const std::string& reference) {
  return std::ranges::any_of(model.images, [&](const Image& image) {
    return familiar_reference(image.reference) == familiar_reference(reference);
  });
}

/// Under its name, and made by us, taken over, or made by nobody that could be told from us.
const SeenImage* find(const Look& look, const std::string& reference, const std::string& inputs) {
  const auto found = std::ranges::find_if(look.images, [&](const SeenImage& image) {
    return std::ranges::find(image.tags, familiar_reference(reference)) != image.tags.end();
  });
  if (found == look.images.end()) return nullptr;
  const bool known =
      inputs.empty() || text_at(found->labels, label::inputs) == inputs || is_taken(inputs, *found);
  return known ? &*found : nullptr;
}

Resource outdated(const Context& context, const Observed& observed, const std::string& reference,
                  const SeenImage& image) {
  Resource r;
  r.id = image_id(reference);
  r.observed = context.digest(JsonObject{{"id", image.id}});
  r.differences = {{"image", short_id(image.id), "removed"}};
  r.state = "on the host";
  r.summary = short_id(image.id);
  r.health = Health::none;
  r.ours = r.artifact = true;
  Work work;
  work.phase = Phase::prune;
  work.verb = "prune";
  work.targets = {r.id};
  work.input = JsonObject{{"image", reference}, {"model", observed.model.key}};
  work.expects = image.id;
  work.calls = {"DELETE /images " + reference};
  r.remedies[Aim::remove] = {std::move(work)};
  return r;
}

Error in_use(const std::string& reference, const std::string& by) {
  return error("image.in_use", fmt::format("{} is not removed: {} uses it", reference, by))
      .next("plan again")
      .passing();
}

}  // namespace

Status observe_outdated_images(const Context& context, const Observed& observed, Deadline deadline,
                               Observation& into) {
  std::vector<Resource> found;
  for (const auto& [id, how] : observed.memory.outdated) {
    if (id.driver != driver_name || id.kind != "image" || is_wanted(observed.model, id.name))
      continue;
    const SeenImage* image = find(observed.look, id.name, how.inputs);
    if (!image) continue;
    found.push_back(outdated(context, observed, id.name, *image));
    found.back().reason = how.reason;
  }
  if (found.empty()) return {};
  auto users = users_on_host(context, deadline);
  if (!users) return failed(users);
  const auto before = pruned(into);
  const auto gone = leaving(observed, into);
  std::erase_if(*users, [&](const User& user) { return gone.contains(user.id); });
  for (auto& r : found) {
    r.remedies[Aim::remove].front().needs = before;
    const SeenImage& image = *observed.look.image_by_reference(r.id.name);
    const auto by = std::ranges::find_if(
        *users, [&](const User& user) { return uses(user, r.id.name, image.id, image.tags); });
    if (by != users->end()) {
      r.remedies.clear();
      r.state = "used by " + by->name;
    }
    into.resources.push_back(std::move(r));
  }
  return {};
}

Result<Outcome> remove_image(Context& context, const Attempt& attempt) {
  const auto reference = text_at(attempt.work.input, "image");
  const auto path = "/images/" + url_encode(reference);
  auto image = context.engine.get(path + "/json", context.within(call_time));
  if (!image && image.error().code == "docker.not_found") return Outcome{Fate::succeeded, {}};
  if (!image) return failed(image);
  const auto id = text_at(*image, "Id");
  if (id != attempt.work.expects)
    return failure(
        error("plan.stale",
              fmt::format("{} is not the image that it was when the plan was made", reference))
            .next("plan again")
            .passing());
  auto users = users_on_host(context, context.within(call_time));
  if (!users) return failed(users);
  const auto tags = texts_at(*image, "RepoTags");
  for (const auto& user : *users)
    if (uses(user, reference, id, tags)) return failure(in_use(reference, user.name));
  auto gone = context.engine.change("DELETE", path, nullptr, context.within(call_time));
  if (gone || gone.error().code == "docker.not_found") return Outcome{Fate::succeeded, {}};
  // A container was made from it in between: the Engine says so, and it is not forced.
  if (gone.error().code == "docker.conflict")
    return failure(in_use(reference, "a container").with("engine", gone.error().message));
  return failed(gone);
}

}  // namespace reconciler::docker
