#include "reconciler/plan/select.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "reconciler/plan/backups.hpp"

namespace reconciler {
namespace {

using Resources = std::map<ResourceId, const Resource*>;

bool differs(const Resource& r) {
  return r.desired != r.observed;
}
bool missing(const Resource& r) {
  return r.observed.empty();
}

/// `v1.0.0 -> v1.1.0` for an image that differs by the tag asked for; what follows from the tag
/// (the variables that carry it) goes without saying there.
std::optional<std::string> why_by_tag(const Resource& r, const Versions& versions) {
  if (versions.from.empty() || versions.from == versions.to) return std::nullopt;
  std::vector<std::string> others;
  bool by_tag = false;
  for (const auto& d : r.differences) {
    if (d.field == "image" && d.before.ends_with(":" + versions.from) &&
        d.after.ends_with(":" + versions.to))
      by_tag = true;
    else if (d.field != "environment TAG" && d.field != "environment COMMIT")
      others.push_back(d.field);
  }
  if (!by_tag) return std::nullopt;
  return versions.from + " -> " + versions.to +
         (others.empty() ? "" : fmt::format(", {}", fmt::join(others, ", ")));
}

std::string why(const Resource& r, const Versions& versions) {
  if (!r.reason.empty()) return r.reason;
  if (auto by_tag = why_by_tag(r, versions)) return *by_tag;
  if (missing(r)) return "not there";
  std::vector<std::string> fields;
  for (const auto& d : r.differences)
    fields.push_back(d.before.empty() && d.after.empty()
                         ? d.field
                         : fmt::format("{} {} -> {}", d.field, d.before, d.after));
  return fields.empty() ? r.state : fmt::format("{}", fmt::join(fields, ", "));
}

std::string title_for(const Work& work, const std::string& fallback) {
  std::vector<std::string> names;
  for (const auto& target : work.targets) names.push_back(target.name);
  return names.empty() ? fallback : fmt::format("{}", fmt::join(names, ", "));
}

/// Why each of those that change together does: `v1 -> v2; side: network mode`.
std::string why_all(const Work& work, const Resource& resource, const Resources& resources,
                    const Versions& versions) {
  std::string out = why(resource, versions);
  for (const auto& target : work.targets) {
    if (target == resource.id) continue;
    const auto found = resources.find(target);
    const bool changed = found != resources.end() && differs(*found->second);
    out += fmt::format("; {}: {}", target.name,
                       changed ? why(*found->second, versions) : "stopped and started with it");
  }
  return out;
}

Action act(Work work, const Resource& resource, const Resources& resources,
           const Versions& versions) {
  Action action;
  action.title = title_for(work, resource.id.name);
  // What is written down is shown with its value: `current_tag v1.2.3`.
  if (work.phase == Phase::record && !resource.differences.empty() &&
      !resource.differences[0].after.empty())
    action.title += " " + resource.differences[0].after;
  action.reason = work.phase == Phase::prune && resource.observed.empty()
                      ? "once it is verified"
                      : why_all(work, resource, resources, versions);
  if (work.phase == Phase::prune && !resource.desired.empty())
    action.reason = "kept until the new one is verified";
  else
    action.differences = resource.differences;
  action.artifact = resource.artifact;
  action.work = std::move(work);
  return action;
}

/// Everything that the release needs, and what that needs in turn.
std::set<ResourceId> needed_by_release(const Desired& desired, const Resources& resources) {
  std::vector<ResourceId> open(desired.required.begin(), desired.required.end());
  for (const auto& step : desired.steps)
    if (step.once != Once::asked &&
        (step.work.phase == Phase::release || step.work.phase == Phase::backup))
      open.insert(open.end(), step.work.needs.begin(), step.work.needs.end());
  std::set<ResourceId> all;
  while (!open.empty()) {
    const ResourceId id = open.back();
    open.pop_back();
    if (!all.insert(id).second) continue;
    const auto found = resources.find(id);
    if (found == resources.end()) continue;
    for (const auto& [aim, works] : found->second->remedies)
      for (const auto& work : works) open.insert(open.end(), work.needs.begin(), work.needs.end());
    // Where it is missing, and made by work on something else, that is needed.
    if (found->second->observed.empty())
      for (const auto& [other, resource] : resources)
        for (const auto& [aim, works] : resource->remedies)
          for (const auto& work : works)
            if (std::ranges::find(work.targets, id) != work.targets.end()) open.push_back(other);
  }
  return all;
}

/// What is made as desired by work on something else: things that can only change together.
std::set<ResourceId> changed_with_others(const Resources& resources) {
  std::set<ResourceId> all;
  for (const auto& [id, resource] : resources) {
    if (!differs(*resource)) continue;
    const auto match = resource->remedies.find(Aim::match);
    if (match == resource->remedies.end()) continue;
    for (const auto& work : match->second)
      for (const auto& target : work.targets)
        if (target != id) all.insert(target);
  }
  return all;
}

const std::vector<Work>* remedy(const Resource& r, Aim aim) {
  const auto found = r.remedies.find(aim);
  return found == r.remedies.end() || found->second.empty() ? nullptr : &found->second;
}

}  // namespace

std::vector<Action> select_remedies(const Desired& desired, const Observation& observation,
                                    const Versions& versions, bool release_due) {
  Resources resources;
  for (const auto& r : observation.resources) resources[r.id] = &r;
  const auto early = release_due ? needed_by_release(desired, resources) : std::set<ResourceId>{};

  const auto with_others = changed_with_others(resources);
  std::vector<Action> actions;
  for (const auto& [id, resource] : resources) {
    const Resource& r = *resource;
    if (!differs(r)) continue;
    if (r.desired.empty()) {
      if (const auto* works = remedy(r, Aim::remove); works && r.ours)
        for (const auto& work : *works) actions.push_back(act(work, r, resources, versions));
      continue;
    }
    const auto* match = remedy(r, Aim::match);
    const auto* run = remedy(r, Aim::run);
    if (early.contains(id)) {
      if (run) {
        for (const auto& work : *run) actions.push_back(act(work, r, resources, versions));
        // A run that makes it as desired leaves nothing to match.
        const bool as_it_is = !missing(r) && match && !r.differences.empty() &&
                              std::any_of(match->begin(), match->end(), [](const Work& w) {
                                return w.phase == Phase::change && w.verb == "switch";
                              });
        if (!as_it_is) continue;
        for (Work work : *match) {
          work.expects.clear();  // the start before it changes what is observed
          actions.push_back(act(std::move(work), r, resources, versions));
        }
        continue;
      }
      if (match && missing(r)) {
        for (Work work : *match) {
          if (work.phase == Phase::change) work.phase = Phase::start;
          actions.push_back(act(std::move(work), r, resources, versions));
        }
        continue;
      }
    }
    if (match)
      for (const auto& work : *match) actions.push_back(act(work, r, resources, versions));
    else if (run && !with_others.contains(id))
      for (Work work : *run) {
        if (work.phase == Phase::start) work.phase = Phase::change;
        actions.push_back(act(std::move(work), r, resources, versions));
      }
  }
  return actions;
}

std::vector<Action> select_removals(const Observation& left) {
  std::vector<Action> actions;
  for (const auto& r : left.resources)
    if (const auto* works = remedy(r, Aim::remove); works && r.ours)
      for (const auto& work : *works) actions.push_back(act(work, r, {}, {}));
  return actions;
}

std::vector<Action> select_steps(const Desired& desired, const Memory& memory, bool new_version) {
  std::vector<Action> actions;
  for (const auto& step : desired.steps) {
    if (step.work.phase == Phase::verify || step.once == Once::asked) continue;
    // Nothing stands in the way back: it was asked before that version ran first.
    if (step.work.phase == Phase::preflight && memory.target && !memory.target->is_deployed())
      continue;
    if (step.work.phase == Phase::backup) {
      if (!release_is_due(desired, memory)) continue;
      actions.push_back(backup_before_release(step, desired, memory));
      for (const auto& work : step.then)
        actions.push_back(prune_after_release(work, desired, memory));
      continue;
    }
    Action action;
    action.work = step.work;
    action.title = step.name;
    action.once_key = step.once_key;
    action.warn = step.warn;
    switch (step.once) {
      case Once::tag: {
        const auto fate = memory.once.find(step.once_key);
        if (fate != memory.once.end() && fate->second == Fate::succeeded) continue;
        action.reason = fate != memory.once.end() && fate->second == Fate::running
                            ? "an attempt was cut off; apply first looks what became of it, and "
                              "waits where it still runs"
                            : fmt::format("not yet run for {}", desired.tag);
        break;
      }
      case Once::change:
        if (!new_version) continue;
        action.reason = "at each switch";
        break;
      case Once::never:
        if (!new_version) continue;
        action.reason =
            step.work.phase == Phase::preflight ? "before anything is changed" : "may run again";
        break;
      case Once::asked:
        continue;
    }
    actions.push_back(std::move(action));
    for (const auto& work : step.then) {
      Action after;
      after.work = work;
      after.title = title_for(work, step.name);
      after.reason = "its one-off container";
      actions.push_back(std::move(after));
    }
  }
  return actions;
}

std::vector<Action> select_checks(const Desired& desired) {
  std::vector<Action> actions;
  for (const auto& step : desired.steps) {
    if (step.work.phase != Phase::verify) continue;
    Action action;
    action.work = step.work;
    action.title = step.shown.empty() ? step.name : step.shown;
    action.reason =
        step.warn ? "said, and nothing more, when it fails" : "before it counts as done";
    action.warn = step.warn;
    actions.push_back(std::move(action));
  }
  return actions;
}

Action asked_for(Work work, const std::string& title) {
  Action action;
  action.title = work.targets.empty() || !title.empty() ? title : title_for(work, title);
  action.reason = "asked for";
  action.work = std::move(work);
  return action;
}

std::optional<Stall> find_stall(const Desired& desired, const Memory& memory) {
  for (const auto& step : desired.steps) {
    if (step.once != Once::tag) continue;
    const auto fate = memory.once.find(step.once_key);
    if (fate == memory.once.end() && memory.adopted)
      return Stall{"ReleaseOutcomeUnknown",
                   fmt::format("{} was taken over, and nobody here knows whether {} has run for {}",
                               desired.id.text(), step.name, desired.tag),
                   fmt::format("look, then: reconciler settle {} {} succeeded|not-run",
                               desired.id.text(), step.name)};
    if (fate == memory.once.end()) continue;
    if (fate->second == Fate::failed)
      return Stall{
          "ReleaseFailed",
          fmt::format("{} failed for {}, and is not tried again by itself", step.name, desired.tag),
          fmt::format(
              "commit another tag; or, once its cause is gone: reconciler settle {} {} not-run",
              desired.id.text(), step.name)};
    if (memory.answered_of_other_data.contains(step.once_key))
      return Stall{
          "ReleaseOutcomeUnknown",
          fmt::format("what was answered of {} for {} was about data that is not there any "
                      "more: a backup from before the answer was brought back",
                      step.name, desired.tag),
          fmt::format("look whether the data has it, then: reconciler settle {} {} "
                      "succeeded|not-run",
                      desired.id.text(), step.name)};
    if (fate->second == Fate::succeeded && memory.undone.contains(step.once_key))
      return Stall{"ReleaseOutcomeUnknown",
                   fmt::format("{} has run for {}, and then data from before that was brought back",
                               step.name, desired.tag),
                   fmt::format("what it did is undone, most likely; then: reconciler settle {} {} "
                               "not-run, which lets it run once more; else succeeded",
                               desired.id.text(), step.name)};
    if (fate->second == Fate::unknown)
      return Stall{"ReleaseOutcomeUnknown",
                   fmt::format("nobody can know whether {} succeeded for {}: the machine or Docker "
                               "went away while it ran, or its container was removed",
                               step.name, desired.tag),
                   fmt::format("look, then: reconciler settle {} {} succeeded|not-run",
                               desired.id.text(), step.name)};
  }
  return std::nullopt;
}

bool release_is_due(const Desired& desired, const Memory& memory) {
  return std::any_of(desired.steps.begin(), desired.steps.end(), [&](const Step& step) {
    if (step.once != Once::tag) return false;
    const auto fate = memory.once.find(step.once_key);
    return fate == memory.once.end() || fate->second != Fate::succeeded;
  });
}

}  // namespace reconciler
