// The Engine's build cache, which nothing else ever takes away from.
#include <fmt/format.h>

#include <algorithm>

#include "plugins/docker/images/images.hpp"
#include "plugins/docker/services/names.hpp"
#include "reconciler/base/size.hpp"

namespace reconciler::docker {
namespace {

constexpr Duration trim_time = std::chrono::minutes(10);

bool builds(const Resource& r) {
  const auto match = r.remedies.find(Aim::match);
  return match != r.remedies.end() &&
         std::ranges::any_of(match->second, [](const Work& work) { return work.verb == "build"; });
}

}  // namespace

void observe_build_cache(const Context& context, const CompiledModel& model, std::int64_t budget,
                         Observation& into) {
  if (std::ranges::none_of(into.resources, builds)) return;
  Resource r;
  r.id = {std::string(driver_name), "cache", "build cache"};
  r.observed = context.digest(Json(budget));
  r.differences = {{"build cache", "", ""}};
  r.health = Health::none;
  r.ours = true;
  r.reason = fmt::format("what is more than {}", size_for_people(budget));
  Work work;
  work.phase = Phase::prune;
  work.verb = "trim";
  work.targets = {r.id};
  work.input = JsonObject{{"budget", budget}, {"model", model.key}};
  work.calls = {"POST /build/prune"};
  for (const auto& other : into.resources)
    if (other.artifact && other.desired.empty()) work.needs.push_back(other.id);
  r.remedies[Aim::remove] = {std::move(work)};
  into.resources.push_back(std::move(r));
}

Result<Outcome> trim_build_cache(Context& context, const Attempt& attempt) {
  auto done = context.engine.change(
      "POST",
      fmt::format("/build/prune?all=1&keep-storage={}", number_at(attempt.work.input, "budget")),
      nullptr, context.within(trim_time));
  if (!done) return failed(done);
  return Outcome{
      Fate::succeeded,
      Json(JsonObject{{"detail", fmt::format("{} freed", size_for_people(number_at(
                                                             *done, "SpaceReclaimed")))}})};
}

}  // namespace reconciler::docker
