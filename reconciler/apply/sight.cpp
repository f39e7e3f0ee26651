#include "reconciler/apply/sight.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "reconciler/plan/planner.hpp"

namespace reconciler {
namespace {

using namespace std::chrono_literals;
constexpr Duration look_within{30s};

Result<Observation> look(const Run& run) {
  const EnvironmentId& id = run.plan.environment;
  auto memory = run.tools.ledger.memory(id);
  if (!memory) return failed(memory);
  return run.tools.drivers.observe(id, run.desired.wanted, *memory, run.variables,
                                   Deadline(run.tools.clock, look_within));
}

bool is_how_it_does(const Difference& difference) {
  return difference.field == "state";
}

/// Another plan would do something about it, besides that it is to run: what differs, in a word.
std::optional<std::string> to_be_changed(const Resource& r) {
  const auto remedy = r.remedies.find(Aim::match);
  if (r.desired.empty() || remedy == r.remedies.end() || remedy->second.empty())
    return std::nullopt;
  if (!touches_what_runs(remedy->second.front().phase)) return std::nullopt;
  if (r.observed.empty()) return r.state;
  const auto found = std::ranges::find_if_not(r.differences, is_how_it_does);
  return found == r.differences.end() ? std::nullopt : std::optional(found->field);
}

std::set<ResourceId> targets_of(const std::vector<Action>& actions) {
  std::set<ResourceId> all;
  for (const auto& action : actions)
    all.insert(action.work.targets.begin(), action.work.targets.end());
  return all;
}

/// The first that is not as the plan left it, or leaves it.
std::optional<Error> changed_by_others(const Observation& seen, const Run& run) {
  // `drift: report`; and before all is done, what is yet to be.
  std::set<ResourceId> others = targets_of(run.plan.reported);
  if (run.phase != Phase::verify) others.merge(targets_of(run.plan.actions));
  for (const auto& r : seen.resources) {
    const auto what = to_be_changed(r);
    if (!what || others.contains(r.id)) continue;
    return error("plan.stale",
                 fmt::format("{} was changed by somebody else meanwhile ({}): how it does says "
                             "nothing of {}",
                             r.id.name, *what, run.plan.to))
        .next("plan again")
        .passing();
  }
  return std::nullopt;
}

}  // namespace

std::optional<Error> out_of_sight(const Run& run) {
  const auto seen = look(run);
  if (seen || seen.error().lasting != Lasting::transient) return std::nullopt;
  return seen.error();
}

std::optional<Error> says_nothing(const Run& run) {
  const auto seen = look(run);
  // Beside a plan, and with what a person wants built anew, a look goes on to ask for more.
  const bool all_is_done = !run.tools.aside && !run.plan.rebuilds;
  if (seen) return all_is_done ? changed_by_others(*seen, run) : std::nullopt;
  if (seen.error().lasting == Lasting::transient) return seen.error();
  return std::nullopt;
}

}  // namespace reconciler
