#include "reconciler/plan/backups.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/plan/select.hpp"

namespace reconciler {
namespace {

/// Of those that no release followed the first stays, and then one each time this is over; and the
/// last, for this plan may start something before it makes its own.
constexpr Duration between_idle = std::chrono::hours(24);

std::vector<std::string> needless(const std::vector<IdleBackup>& idle) {
  std::vector<std::string> files;
  std::optional<WallTime> stays;
  for (const auto& [file, at] : idle) {
    if (file == idle.back().file) break;
    if (stays && at >= *stays && at < *stays + between_idle)
      files.push_back(file);
    else
      stays = at;
  }
  return files;
}

}  // namespace

bool nothing_to_back_up(const Observation& observation, const Memory& memory) {
  return !memory.current && std::ranges::all_of(observation.resources, [](const Resource& r) {
    return r.supply || r.observed.empty();
  });
}

Desired without_backup(Desired desired) {
  std::erase_if(desired.steps, [](const Step& step) { return step.work.phase == Phase::backup; });
  return desired;
}

Action backup_action(const Step& step, const Desired& desired, const Memory& memory,
                     std::string reason) {
  Action action;
  action.work = step.work;
  JsonObject& input = action.work.input.as_object();
  input["folder"] = desired.backups;
  // Which version's data it is: what was recorded last worked on it, unless an older one was
  // brought back.
  input["of"] = memory.data_of ? *memory.data_of : memory.current ? memory.current->tag : "";
  action.title = step.shown;
  action.reason = std::move(reason);
  return action;
}

Action backup_before_release(const Step& step, const Desired& desired, const Memory& memory) {
  Action action = backup_action(step, desired, memory, "a release is due");
  action.work.input.as_object()["before"] = "release";
  return action;
}

Action prune_of_backups(Work work, const Desired& desired, const Memory& memory) {
  Action action;
  action.work = std::move(work);
  JsonObject& input = action.work.input.as_object();
  input["folder"] = desired.backups;
  std::set<std::string> uncounted = memory.half_backups;
  const auto idle = needless(memory.idle_backups);
  uncounted.insert(idle.begin(), idle.end());
  if (!uncounted.empty()) input["uncounted"] = JsonArray(uncounted.begin(), uncounted.end());
  action.title = "backups";
  action.reason = fmt::format("beyond the newest {}", number_at(action.work.input, "keep"));
  return action;
}

Action prune_after_release(Work work, const Desired& desired, const Memory& memory) {
  Action action = prune_of_backups(std::move(work), desired, memory);
  const auto first = needless(memory.idle_backups);
  if (first.empty()) return action;
  action.work.input.as_object()["needless"] = JsonArray(first.begin(), first.end());
  action.reason += fmt::format("; first the {} that no release followed", first.size());
  return action;
}

Json lasting_input(const Work& work) {
  if (work.phase != Phase::prune || work.targets.empty() || work.targets[0].kind != "backups")
    return work.input;
  JsonObject input = work.input.as_object();
  // That there are some is what was shown.
  if (input.contains("needless")) input["needless"] = true;
  input.erase("uncounted");
  return input;
}

Action restore_action(const Step& step, const Desired& desired, const std::string& file) {
  Work work = step.work;
  work.input.as_object()["folder"] = desired.backups;
  work.input.as_object()["file"] = file;
  return asked_for(std::move(work), file);
}

}  // namespace reconciler
