#include "reconciler/plan/cut.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/plan/planner.hpp"

namespace reconciler {
namespace {

bool is_release_work(Phase phase) {
  return phase == Phase::release || phase == Phase::after;
}

bool may_be_left_out(Phase phase) {
  return is_release_work(phase) || phase == Phase::verify || phase == Phase::backup ||
         phase == Phase::preflight;
}

/// The ledger's own row.
bool is_record(const Action& action) {
  return action.work.phase == Phase::record && !action.work.targets.empty() &&
         action.work.targets[0].driver == "ledger";
}

bool has(const Plan& plan, Phase phase) {
  return std::ranges::any_of(plan.actions,
                             [&](const Action& action) { return action.work.phase == phase; });
}

/// As the plan shows it.
const std::string& title_of(const Step& step) {
  const Phase phase = step.work.phase;
  const bool shown = phase == Phase::verify || phase == Phase::backup;
  return shown && !step.shown.empty() ? step.shown : step.name;
}

bool is_called(const Step& step, const std::string& name) {
  return step.once != Once::asked && may_be_left_out(step.work.phase) &&
         (step.name == name || step.shown == name);
}

Error unknown_step(const Desired& desired, const std::string& name) {
  std::vector<std::string> all;
  for (const auto& step : desired.steps)
    if (step.once != Once::asked && may_be_left_out(step.work.phase))
      all.push_back(step.work.phase == Phase::backup ? step.name : title_of(step));
  Error e = error("cut.step_unknown", fmt::format("{} has no step \"{}\" that could be left out",
                                                  desired.id.text(), printable(name, 100)));
  if (!all.empty()) e.facts.push_back({"there are", join(all, ", ")});
  const auto near = nearest(name, all);
  return std::move(e).next(near ? fmt::format("did you mean {}?", *near)
                                : fmt::format("reconciler plan {}", desired.id.text()));
}

/// `v1.1.0 runs, neither verified nor recorded`
std::string leaves(const Plan& plan, Phase until) {
  if (until < Phase::start) return plan.to + " is supplied, and not begun";
  if (until < Phase::change) return plan.to + " is begun, and not switched to";
  if (until < Phase::verify) return plan.to + " runs, neither verified nor recorded";
  return plan.to + " runs and was well, and is not recorded";
}

void end_after(Plan& plan, Phase until) {
  std::erase_if(plan.actions, [&](const Action& action) { return action.work.phase > until; });
  if (until < Phase::change) plan.drifted.clear();  // nothing of it is put right
}

/// The step, and what follows from it; of which phase it is, none where it is not due.
std::optional<Phase> leave_out(Plan& plan, const Desired& desired, const std::string& name) {
  std::set<std::pair<Phase, std::string>> titles;
  for (const auto& step : desired.steps)
    if (is_called(step, name)) titles.emplace(step.work.phase, title_of(step));
  std::optional<Phase> of;
  std::erase_if(plan.actions, [&](const Action& action) {
    if (!titles.contains({action.work.phase, action.title})) return false;
    of = std::max(of.value_or(action.work.phase), action.work.phase);
    return true;
  });
  return of;
}

void close_to_approvals(Plan& plan, const std::string& step) {
  for (auto& gate : plan.gates) {
    if (gate.grants.empty()) continue;
    gate.open = false;
    gate.why += fmt::format(", and no approval leaves out {}", step);
    gate.opens_when = fmt::format("reconciler apply {}, without --skip", plan.environment.text());
  }
}

/// Where it ends, for who reads the plan.
void say_in(Plan& plan, const Shortened& cut, size_t left) {
  if (plan.empty()) {
    plan.notices.push_back(
        fmt::format("{}: nothing is due until then; {} after it", cut.by, count(left, "action")));
    return;
  }
  plan.notices.push_back(fmt::format("{}: {}", cut.by, cut.leaves));
  const bool touches = std::ranges::any_of(
      plan.actions, [](const Action& action) { return touches_what_runs(action.work.phase); });
  if (touches && !has(plan, Phase::verify))
    plan.notices.push_back("if it fails before that: " + plan.on_failure);
}

}  // namespace

std::optional<Phase> phase_called(std::string_view word) {
  for (int p = 0; p <= static_cast<int>(Phase::prune); ++p)
    if (to_text(static_cast<Phase>(p)) == word) return static_cast<Phase>(p);
  return std::nullopt;
}

Result<Shortened> shorten(Plan& plan, const Desired& desired, const Cut& cut) {
  Shortened out;
  if (cut.empty() || plan.stalled) return out;
  if (plan.held && !plan.empty())
    return failure(error("cut.held", fmt::format("{} is held at {}, and what that takes is done "
                                                 "whole or not at all",
                                                 plan.environment.text(), plan.held->tag))
                       .next(fmt::format("reconciler apply {}", plan.environment.text())));
  for (const auto& name : cut.skip)
    if (std::ranges::none_of(desired.steps,
                             [&](const Step& step) { return is_called(step, name); }))
      return failure(unknown_step(desired, name));

  const std::string whole = plan.id;
  const size_t actions = plan.actions.size();
  const bool recorded = std::ranges::any_of(plan.actions, is_record);
  const bool checked = has(plan, Phase::verify);
  const auto work = [&] {
    return std::ranges::count_if(
        plan.actions, [](const Action& action) { return is_release_work(action.work.phase); });
  };
  const auto steps = work();
  if (cut.until) end_after(plan, *cut.until);
  if (plan.actions.size() < actions) out.by = fmt::format("--until {}", to_text(*cut.until));
  std::vector<std::string> undone;
  std::vector<std::string> left_out;
  for (const auto& name : cut.skip) {
    const auto phase = leave_out(plan, desired, name);
    if (!phase) continue;
    out.skipped.push_back(name);
    if (*phase == Phase::backup) {
      std::erase_if(plan.actions, [](const Action& action) {
        return !action.work.targets.empty() && action.work.targets[0].kind == "backups";
      });
      plan.notices.push_back("warning: the release runs without a backup before it");
    }
    (is_release_work(*phase) ? undone : left_out).push_back(name);
    out.by += fmt::format("{}--skip {}", out.by.empty() ? "" : " ", name);
  }
  out.left_out = enumerate(left_out);
  if (checked && !has(plan, Phase::verify) && std::ranges::any_of(plan.actions, is_record))
    return failure(
        error("cut.last_check",
              fmt::format("without {} nothing says that {} is well, and it would be recorded "
                          "all the same",
                          out.left_out, plan.to))
            .next(fmt::format("reconciler apply {} --until after", plan.environment.text())));
  if (!undone.empty()) end_after(plan, Phase::verify);
  if (!out.skipped.empty()) close_to_approvals(plan, enumerate(out.skipped));
  if (out.by.empty()) return out;
  out.unrecorded = recorded && std::ranges::none_of(plan.actions, is_record);
  out.steps_left = work() != steps || (cut.until && *cut.until < Phase::change);
  const Phase until = cut.until.value_or(Phase::prune);
  out.leaves =
      out.unrecorded ? leaves(plan, std::min(until, Phase::verify)) : plan.to + " is recorded";
  const auto are = [](const std::vector<std::string>& names) {
    return names.size() == 1 ? "is" : "are";
  };
  if (!undone.empty())
    out.leaves += fmt::format("; {} {} left out, and {} due", enumerate(undone), are(undone),
                              undone.size() == 1 ? "stays" : "stay");
  if (!left_out.empty()) out.leaves += fmt::format("; {} {} left out", out.left_out, are(left_out));
  plan.id = sha256(canonical(JsonObject{{"whole", whole}, {"cut", out.by}}));
  say_in(plan, out, actions - plan.actions.size());
  return out;
}

Desired without_skipped(Desired desired, const Shortened& cut) {
  std::erase_if(desired.steps, [&](const Step& step) {
    return step.work.phase == Phase::verify &&
           std::ranges::any_of(cut.skipped,
                               [&](const std::string& name) { return is_called(step, name); });
  });
  return desired;
}

}  // namespace reconciler
