#include "reconciler/errand.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/base/text.hpp"
#include "reconciler/driver/restarts.hpp"
#include "reconciler/plan/planner.hpp"
#include "reconciler/plan/select.hpp"

namespace reconciler {
namespace {

using namespace std::chrono_literals;
constexpr Duration look_within{1min};

bool is_task(const Step& step) {
  return step.work.phase != Phase::verify;
}

/// Once-only work is waited for, and not begun beside itself, whatever dies: by a key that no plan
/// has, so that what is due once a tag stays due, or done.
std::string key_by_hand(const Step& step, WallTime now) {
  if (step.work.effect != Effect::once) return "";
  return fmt::format("{} by hand {}", step.name, now.time_since_epoch().count());
}

Result<std::vector<Action>> task_called(const Desired& desired, const std::string& name,
                                        WallTime now) {
  std::vector<Action> actions;
  std::vector<std::string> names;
  for (const auto& step : desired.steps) {
    if (!is_task(step)) continue;
    names.push_back(step.name);
    if (step.name != name || !actions.empty()) continue;
    actions.push_back(asked_for(step.work, step.name));
    actions.back().once_key = key_by_hand(step, now);
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

/// The version that runs, in the place of one that is yet to run or that cannot be had.
Result<Asked> as_it_runs(const Parts& parts, const Asked& asked, const Errand& errand,
                         const std::stop_token& stop) {
  auto memory = parts.ledger.memory(asked.spec.id);
  if (!memory) return failed(memory);
  auto wish = desire(parts, asked, *memory, stop);
  const std::string id = asked.spec.id.text();
  if (!memory->current)
    return failure(error("errand.nothing_runs", fmt::format("nothing was deployed at {} yet", id))
                       .next(fmt::format("reconciler apply {}", id)));
  const bool as_asked = wish && wish->desired.digest == memory->current->digest;
  if (as_asked && (!wish->target || !errand.restart.empty())) return asked;
  if (errand.restart.empty()) {
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
  return recorded;
}

}  // namespace

Result<Reconciled> run_errand(const Parts& parts, const Asked& asked, const Errand& errand,
                              const std::string& who, const Agree& agree, Events& events,
                              Ends ends) {
  auto runs = as_it_runs(parts, asked, errand, ends.stop);
  if (!runs) return failed(runs);
  const bool restarts = !errand.restart.empty();
  const auto only_this = [&](Look& seen) -> Result<RunEnd> {
    auto actions = restarts ? restarted(parts, seen, errand.restart)
                            : task_called(seen.desired, errand.task, parts.clock.wall());
    if (!actions) return failed(actions);
    seen.plan = make_errand(seen.desired, seen.observation, seen.memory, std::move(*actions),
                            parts.clock.wall());
    return RunEnd{"Ready", restarts ? "Restarted" : "TaskRun"};
  };
  return reconcile_aside(parts, *runs, only_this, who, agree, events, std::move(ends));
}

}  // namespace reconciler
