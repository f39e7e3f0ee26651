#include "reconciler/look.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "reconciler/apply/failures.hpp"
#include "reconciler/apply/kept.hpp"
#include "reconciler/data_kept.hpp"
#include "reconciler/plan/planner.hpp"
#include "reconciler/plan/retention.hpp"

namespace reconciler {
namespace {

/// Where what it would take to go back is not here any more, the plan says so before it begins.
Status check_way_back(const Parts& parts, const Memory& memory, Plan& plan) {
  if (!plan.fallback) return {};
  const Again again{plan.environment, *plan.fallback, Ledger::Slot::current, true};
  auto kept =
      restore_version(parts.ledger, parts.drivers, again, Deadline(parts.clock, look_within));
  if (!kept && kept.error().lasting == Lasting::transient) return failed(kept);
  if (!kept) without_way_back(plan, memory, kept.error().message);
  plan.fallback_is_asked = kept && plan.held && kept->desired.asked == plan.held->rejected;
  return {};
}

/// Retention's part that nobody else of this host counts on.
Status find_outdated(const Parts& parts, const Desired& desired, Memory& memory) {
  memory.outdated = retention(desired, memory).artifacts;
  if (memory.outdated.empty()) return {};
  std::set<ResourceId> all;
  for (const auto& [id, how] : memory.outdated) all.insert(id);
  auto claims = parts.ledger.claims(desired.id, all);
  if (!claims) return failed(claims);
  for (const auto& [id, by] : *claims) memory.outdated.erase(id);
  return {};
}

/// Who else counts on what is wanted here, of what this environment does not yet count on itself.
Status find_claims(const Parts& parts, const Observation& seen, const Desired& desired,
                   Memory& memory) {
  Artifacts own;
  for (const auto& tried : memory.tried) own.insert(tried.artifacts.begin(), tried.artifacts.end());
  for (const auto& version : memory.versions)
    own.insert(version.artifacts.begin(), version.artifacts.end());
  std::set<ResourceId> others;
  for (const auto& r : seen.resources)
    if (const auto mine = own.find(r.id); r.artifact && !r.desired.empty() && !r.inputs.empty() &&
                                          (mine == own.end() || mine->second != r.inputs))
      others.insert(r.id);
  if (others.empty()) return {};
  auto claims = parts.ledger.claims(desired.id, others);
  if (!claims) return failed(claims);
  memory.claims = std::move(*claims);
  return {};
}

}  // namespace

Result<Look> look_at(const Parts& parts, const Asked& asked, Wish wish, Memory memory) {
  memory.target = wish.target;
  if (auto found = find_outdated(parts, wish.desired, memory); !found) return failed(found);
  auto seen = parts.drivers.observe(asked.spec.id, wish.prepared.wanted, memory, wish.variables,
                                    Deadline(parts.clock, look_within));
  if (!seen && seen.error().code == "ledger.behind") {
    // Nothing is locked here: what is seen may be of an attempt that others have begun meanwhile.
    auto now = parts.ledger.memory(asked.spec.id);
    if (!now) return failed(now);
    if (now->newest_attempt > memory.newest_attempt)
      return look_at(parts, asked, std::move(wish), std::move(*now));
  }
  if (!seen && wish.target && !asked.instead && !wish.target->is_deployed())
    return failure(cannot_go_back(asked.spec.id, *wish.target, std::move(seen.error())));
  if (!seen && !wish.target && !asked.instead) {
    auto instead = instead_of_what_cannot_be(parts, asked.spec, memory, wish.desired.asked,
                                             std::move(seen.error()));
    if (!instead) return failed(instead);
    return look_at(parts, asked, std::move(*instead), std::move(memory));
  }
  if (!seen) return failed(seen);
  if (auto found = find_claims(parts, *seen, wish.desired, memory); !found) return failed(found);
  std::ranges::move(wish.notices, std::back_inserter(seen->notices));
  if (wish.stale)
    seen->notices.push_back("source: works on from the last fetch: " + wish.stale->message);
  if (wish.unreadable)
    seen->notices.push_back(
        fmt::format("warning: what git asks for now, {}, cannot be read: {}: {}", asked.spec.tag,
                    wish.unreadable->code, wish.unreadable->message));
  if (parts.ledger.loss() && parts.ledger.loss()->code == "ledger.key_lost")
    seen->notices.push_back("warning: " + parts.ledger.loss()->message);
  wish.desired.backups = backups_of(parts.host, parts.state, asked.spec.id);
  Plan plan = make_plan(wish.desired, *seen, memory, parts.clock.wall());
  if (plan.stalled && plan.stalled->reason == "ImageShared" && !asked.instead &&
      something_else_runs(memory)) {
    // Half of another version does not stay for what may not be made here.
    auto instead = instead_of_what_cannot_be(
        parts, asked.spec, memory, wish.desired.asked,
        error("image.shared", plan.stalled->why).next(plan.stalled->next));
    if (instead) return look_at(parts, asked, std::move(*instead), std::move(memory));
  }
  if (auto checked = check_way_back(parts, memory, plan); !checked) return failed(checked);
  auto lost = parts.ledger.needs_adoption(asked.spec.id);
  if (!lost) return failed(lost);
  if (*lost) {
    // What was released before is not known any more, and nothing is run on a guess.
    plan.actions.clear();
    plan.stalled = Stall{"LedgerLost",
                         parts.ledger.loss() ? parts.ledger.loss()->message : "the ledger was lost",
                         "look at what runs, then: reconciler adopt " + asked.spec.id.text()};
  }
  // Whatever the manifest says of backups by now, and however a release is done.
  const bool releases = std::ranges::any_of(plan.actions, [](const Action& action) {
    const Phase phase = action.work.phase;
    return phase == Phase::backup || phase == Phase::release || phase == Phase::after ||
           action.work.effect == Effect::once;
  });
  const bool goes_on =
      !plan.empty() && plan.from != plan.to && (!plan.held || plan.held->is_deployed());
  if (auto half = releases || goes_on ? half_restored(parts.ledger, asked.spec.id) : std::nullopt) {
    // Nothing is released on half of a backup, no version is gone on to whose release may not be in
    // it, and no backup of that lets a good one go.
    plan.actions.clear();
    plan.stalled = Stall{half->reason, half->why, half->next};
  }
  return Look{std::move(wish.desired), std::move(wish.variables), std::move(*seen),
              std::move(memory), std::move(plan)};
}

Result<Look> look(const Parts& parts, const Asked& asked, std::stop_token stop) {
  auto memory = parts.ledger.memory(asked.spec.id);
  if (!memory) return failed(memory);
  auto wish = desire(parts, asked, *memory, std::move(stop));
  if (!wish) return failed(wish);
  // Nothing is locked here: what was recorded meanwhile belongs to what is seen.
  memory = parts.ledger.memory(asked.spec.id);
  if (!memory) return failed(memory);
  return look_at(parts, asked, std::move(*wish), std::move(*memory));
}

}  // namespace reconciler
