#include "reconciler/plan/backups.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/plan/select.hpp"

namespace reconciler {

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

Action prune_of_backups(Work work, const Desired& desired, const Memory& memory) {
  Action action;
  action.work = std::move(work);
  JsonObject& input = action.work.input.as_object();
  input["folder"] = desired.backups;
  if (!memory.half_backups.empty())
    input["uncounted"] = JsonArray(memory.half_backups.begin(), memory.half_backups.end());
  action.title = "backups";
  action.reason = fmt::format("beyond the newest {}", number_at(action.work.input, "keep"));
  return action;
}

Action restore_action(const Step& step, const Desired& desired, const std::string& file) {
  Work work = step.work;
  work.input.as_object()["folder"] = desired.backups;
  work.input.as_object()["file"] = file;
  return asked_for(std::move(work), file);
}

}  // namespace reconciler
