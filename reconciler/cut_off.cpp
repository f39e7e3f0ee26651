#include "reconciler/cut_off.hpp"

#include <algorithm>
#include <utility>

#include "reconciler/apply/failures.hpp"
#include "reconciler/apply/kept.hpp"
#include "reconciler/apply/recovery.hpp"

namespace reconciler {

Result<bool> settle_cut_off(const Parts& parts, const Asked& asked, const Tools& tools,
                            const Wish& wish, const Memory& memory, std::stop_token stop) {
  const auto& id = asked.spec.id;
  auto open = parts.ledger.open_attempts(id);
  if (!open) return failed(open);
  if (open->empty()) return false;
  Redaction redaction = redaction_for(parts.ledger, id, memory, wish.variables);
  if (wish.target) {
    Asked git = asked;
    git.instead.reset();
    git.fetch = false;
    Memory without = memory;
    without.target.reset();
    if (const auto asked_for = desire(parts, git, without, stop))
      redaction.hide(asked_for->variables);
  }
  auto settled = settle_open_attempts(tools, id, wish.variables, redaction, std::move(stop));
  if (!settled) return failed(settled);
  return true;
}

Result<bool> reject_cut_off(const Parts& parts, const Look& seen) {
  if (!seen.plan.stalled || seen.plan.stalled->reason != "ReleaseFailed") return false;
  const auto& id = seen.plan.environment;
  auto open = parts.ledger.open_run(id);
  if (!open) return failed(open);
  if (!*open || !seen.memory.current || (*open)->fallback != seen.memory.current->tag) return false;
  const RunRow& run = (*open)->run;
  const auto& steps = seen.desired.steps;
  const auto one = std::ranges::find_if(run.attempts, [&](const AttemptRow& attempt) {
    return !attempt.once_key.empty() && attempt.fate == Fate::failed &&
           std::ranges::find(steps, attempt.once_key, &Step::once_key) != steps.end();
  });
  if (one == run.attempts.end()) return false;
  const Error why = release_failed(id, one->title, run.to, one->evidence);
  const RunEnd end = end_of_rejected(why);
  Plan plan = seen.plan;  // has a person's answer to wait for, and so no way back
  plan.to = run.to;
  plan.fallback = (*open)->fallback;
  const auto kept = kept_version(parts.ledger, {id, *plan.fallback, Ledger::Slot::current});
  plan.fallback_is_asked = plan.held && kept && kept->desired.asked == plan.held->rejected;
  const Target target = target_after(plan, seen.desired, run.serial, end, parts.clock.wall());
  if (auto written = parts.ledger.reject(run.serial, end, target); !written) return failed(written);
  return true;
}

}  // namespace reconciler
