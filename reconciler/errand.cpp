#include "reconciler/errand.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/base/backups.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/compile.hpp"
#include "reconciler/data_kept.hpp"
#include "reconciler/driver/restarts.hpp"
#include "reconciler/plan/backups.hpp"
#include "reconciler/plan/planner.hpp"
#include "reconciler/plan/select.hpp"

namespace reconciler {
namespace {

/// As many as there may be of answers and of what runs beside, since half of a version was left.
constexpr size_t most_runs = 100;

bool is_task(const Step& step) {
  return step.once != Once::asked &&
         (step.work.phase == Phase::release || step.work.phase == Phase::after);
}

const Step* step_of(const Desired& desired, std::string_view verb) {
  const auto found =
      std::ranges::find(desired.steps, verb, [](const Step& step) { return step.work.verb; });
  return found == desired.steps.end() ? nullptr : &*found;
}

Error no_step(const EnvironmentId& id, const std::string& what) {
  return error(what + ".none", fmt::format("the manifest of {} describes no {}", id.text(), what))
      .next(fmt::format("write one: {}: {{ exec: SERVICE, command: ... }}", what));
}

/// What is lost by it, and what it does not bring back.
void say_what_is_lost(const Backup& backup, const Desired& desired, WallTime now, bool saves,
                      Plan& plan) {
  const auto age = std::chrono::duration_cast<Duration>(now - backup.at);
  plan.notices.push_back(
      fmt::format("lost: what was written since {}, {} ago; {}", to_text(backup.at),
                  for_people(std::max(age, Duration{0})),
                  saves ? "a backup of now is made first" : "NO backup of now is made"));
  if (backup.tag == desired.tag || backup.tag.empty()) return;
  std::vector<std::string> tasks;
  for (const auto& step : desired.steps)
    if (step.once == Once::tag) tasks.push_back(step.name);
  plan.notices.push_back(fmt::format(
      "it is the data of {}, and {} runs{}", backup.tag, desired.tag,
      tasks.empty() ? ""
                    : fmt::format(": what {} did since is not in it; once more by hand: "
                                  "reconciler task {} {}",
                                  enumerate(tasks), desired.id.text(), tasks[0])));
}

/// The backup alone, or one of now before another one is brought back.
Result<Plan> plan_of_backups(const Parts& parts, const Look& seen, const Errand& errand) {
  const EnvironmentId& id = seen.desired.id;
  const Step* backup = step_of(seen.desired, "backup");
  if (!backup) return failure(no_step(id, "backup"));
  const WallTime now = parts.clock.wall();
  std::vector<Action> actions{backup_action(*backup, seen.desired, seen.memory, "asked for")};
  if (errand.backup && !data_in_doubt(parts.ledger, id))
    for (const Work& work : backup->then)
      actions.push_back(prune_of_backups(work, seen.desired, seen.memory));
  if (errand.backup)
    return make_errand(seen.desired, seen.observation, seen.memory, std::move(actions), now);
  const Step* restore = step_of(seen.desired, "restore");
  if (!restore) return failure(no_step(id, "restore"));
  auto there = BackupFolder(seen.desired.backups).list();
  if (!there) return failed(there);
  const auto found = std::ranges::find(*there, errand.restore, &Backup::name);
  if (found == there->end())
    return failure(error("backup.unknown", fmt::format("there is no backup {} of {}",
                                                       printable(errand.restore, 100), id.text()))
                       .next(fmt::format("reconciler restore {}, which lists them", id.text())));
  // What was damaged is known before anything is asked, or done.
  if (auto whole = BackupFolder(seen.desired.backups).open(found->name); !whole) {
    whole.error().hint = fmt::format("reconciler restore {}, which lists them", id.text());
    return failed(whole);
  }
  actions[0].reason = "what is there now, before it is replaced";
  if (errand.without_backup) actions.clear();
  actions.push_back(restore_action(*restore, seen.desired, found->name));
  for (auto& check : select_checks(seen.desired)) actions.push_back(std::move(check));
  // What was unwell before may have been so by the data that is replaced now.
  Plan plan = make_errand(seen.desired, seen.observation, seen.memory, std::move(actions), now,
                          UnwellBefore::counts);
  say_what_is_lost(*found, seen.desired, now, !errand.without_backup, plan);
  return plan;
}

/// Once-only work is waited for, and not begun beside itself, whatever dies: by a key that no plan
/// has, so that what is due once a tag stays due, or done.
std::string key_by_hand(const Step& step, WallTime now) {
  if (step.work.effect != Effect::once) return "";
  return fmt::format("{} by hand {}", step.name, now.time_since_epoch().count());
}

Result<std::vector<Action>> task_called(const Desired& desired, const Memory& memory,
                                        const std::string& name, WallTime now) {
  std::vector<Action> actions;
  std::vector<std::string> names;
  for (const auto& step : desired.steps) {
    if (!is_task(step)) continue;
    names.push_back(step.name);
    if (step.name != name || !actions.empty()) continue;
    actions.push_back(asked_for(step.work, step.name));
    actions.back().once_key = key_by_hand(step, now);
    const auto fate = memory.once.find(step.once_key);
    if (step.once == Once::tag && fate != memory.once.end() && fate->second == Fate::succeeded)
      actions.back().reason += fmt::format("; it has run for {} before", desired.tag);
    for (const auto& work : step.then) actions.push_back(asked_for(work, step.name));
  }
  if (!actions.empty()) return actions;
  const std::string id = desired.id.text();
  if (names.empty())
    return failure(error("task.unknown", fmt::format("the manifest of {} has no tasks", id))
                       .next("write one under release: in the manifest"));
  const auto near = name.empty() ? std::nullopt : nearest(name, names);
  return failure(error("task.unknown", name.empty()
                                           ? fmt::format("which task of {}?", id)
                                           : fmt::format("{} has no task \"{}\"", id, name))
                     .with("tasks", join(names, ", "))
                     .next(fmt::format("reconciler task {} {}", id, near.value_or(names[0]))));
}

Result<std::vector<Action>> restarted(const Parts& parts, const Look& seen,
                                      const std::vector<std::string>& services) {
  for (const auto& [name, wanted] : seen.desired.wanted) {
    auto* restarts = dynamic_cast<Restarts*>(parts.drivers.find(name));
    if (!restarts) continue;
    auto works = restarts->restart(seen.desired.id, wanted, seen.memory, services,
                                   Deadline(parts.clock, look_within));
    if (!works) return failed(works);
    std::vector<Action> actions;
    for (auto& work : *works) actions.push_back(asked_for(std::move(work), ""));
    for (auto& check : select_checks(seen.desired)) actions.push_back(std::move(check));
    return actions;
  }
  return failure(error("driver.unknown",
                       fmt::format("nothing of {} can be restarted", seen.desired.id.text())));
}

bool is_not_kept(const Result<Wish>& recorded) {
  return !recorded && recorded.error().code == "rollback.not_kept";
}

/// The tag of which half runs; empty: of none.
std::string half_running(const Ledger& ledger, const Memory& memory, const EnvironmentId& id) {
  if (!memory.touched || !memory.unfinished) return "";
  const auto runs = ledger.history(id, most_runs);
  if (!runs) return "";
  const auto began = std::ranges::find(*runs, *memory.unfinished, &RunRow::desired);
  return began == runs->end() ? "" : began->to;
}

/// Its data is kept as its manifest says, and git has gone on from there.
Error half_is_not_asked_for(const EnvironmentId& id, const std::string& half,
                            const std::string& asked, const Errand& errand) {
  return error("errand.half_runs", fmt::format("half of {} runs at {}, nothing goes back from it, "
                                               "and git asks for {} by now",
                                               half, id.text(), asked))
      .next(fmt::format("make git ask for {} again; then, which fetches that: reconciler plan {}; "
                        "then: {}",
                        half, id.text(), command_of(id, errand)));
}

/// The version that runs, in the place of one that is yet to run or that cannot be had.
Result<Asked> as_it_runs(const Parts& parts, const Asked& asked, const Errand& errand,
                         const std::stop_token& stop) {
  auto memory = parts.ledger.memory(asked.spec.id);
  if (!memory) return failed(memory);
  auto wish = desire(parts, asked, *memory, stop);
  const std::string id = asked.spec.id.text();
  // Half of what git asks for runs, recorded or not.
  const bool may_be_half = errand.of_backups() && wish && !wish->target;
  const std::string half_tag =
      may_be_half ? half_running(parts.ledger, *memory, asked.spec.id) : "";
  const bool of_half = !half_tag.empty();
  const bool half =
      of_half && (memory->unfinished == wish->desired.digest || half_tag == wish->desired.tag);
  // The first version: what it did to the data that it found may be to be undone.
  if (!memory->current && half) return asked;
  if (!memory->current && of_half)
    return failure(half_is_not_asked_for(asked.spec.id, half_tag, wish->desired.tag, errand));
  if (!memory->current)
    return failure(error("errand.nothing_runs", fmt::format("nothing was deployed at {} yet", id))
                       .next(fmt::format("reconciler apply {}", id)));
  // A backup is described by the manifest of the same tag, changed or not; else as it was then.
  if (errand.of_backups() && wish && !wish->target && wish->desired.tag == memory->current->tag)
    return asked;
  const bool as_asked = wish && wish->desired.digest == memory->current->digest;
  const bool of_what_runs = !errand.restart.empty() || errand.of_backups();
  if (as_asked && (!wish->target || of_what_runs)) return asked;
  if (!of_what_runs) {
    if (!wish) return failed(wish);
    const auto refused = [&](const std::string& why, const std::string& next) {
      return failure(
          error("task.not_deployed", fmt::format("{} runs {}, {}: its tasks are not those "
                                                 "of what runs",
                                                 id, memory->current->tag, why))
              .next(next));
    };
    if (wish->target)
      return refused(fmt::format("and git asks for {}", wish->target->rejected_tag),
                     fmt::format("make git agree: reconciler set {} {}; then the task", id,
                                 memory->current->tag));
    const std::string asks = wish->desired.tag == memory->current->tag
                                 ? "and git asks for it otherwise than it was deployed"
                                 : fmt::format("and git asks for {}", wish->desired.tag);
    return refused(asks, fmt::format("reconciler apply {}; then the task", id));
  }
  Asked recorded = asked;
  recorded.recorded = true;
  // Half of another version runs, and nothing goes back from it: its data is kept as it says.
  if (of_half && is_not_kept(desire(parts, recorded, *memory, stop))) {
    if (half) return asked;
    return failure(half_is_not_asked_for(asked.spec.id, half_tag, wish->desired.tag, errand));
  }
  return recorded;
}

}  // namespace

std::string command_of(const EnvironmentId& id, const Errand& errand) {
  const auto named = [&](const std::string& verb, const std::string& what) {
    return fmt::format("reconciler {} {} {}", verb, id.text(), what);
  };
  if (errand.backup) return "reconciler backup " + id.text();
  if (!errand.restore.empty())
    return named("restore", errand.restore) + (errand.without_backup ? " --without-backup" : "");
  return errand.task.empty() ? named("restart", join(errand.restart, " "))
                             : named("task", errand.task);
}

Result<Reconciled> run_errand(const Parts& parts, const Asked& asked, const Errand& errand,
                              const std::string& who, const Agree& agree, Events& events,
                              Ends ends) {
  auto runs = as_it_runs(parts, asked, errand, ends.stop);
  if (!runs) return failed(runs);
  const bool restarts = !errand.restart.empty();
  const std::string again = command_of(asked.spec.id, errand);
  const auto only_this = [&](Look& seen) -> Result<AsideRun> {
    if (errand.of_backups()) {
      auto plan = plan_of_backups(parts, seen, errand);
      if (!plan) return failed(plan);
      seen.plan = std::move(*plan);
      AsideRun run{{"Ready", errand.backup ? "BackedUp" : "Restored"}, again};
      Errand unsaved = errand;
      unsaved.without_backup = true;
      if (!errand.restore.empty()) run.unsaved = command_of(asked.spec.id, unsaved);
      return run;
    }
    auto actions = restarts
                       ? restarted(parts, seen, errand.restart)
                       : task_called(seen.desired, seen.memory, errand.task, parts.clock.wall());
    if (!actions) return failed(actions);
    seen.plan = make_errand(seen.desired, seen.observation, seen.memory, std::move(*actions),
                            parts.clock.wall());
    return AsideRun{{"Ready", restarts ? "Restarted" : "TaskRun"}, again};
  };
  return reconcile_aside(parts, *runs, only_this, who, agree, events, std::move(ends));
}

}  // namespace reconciler
