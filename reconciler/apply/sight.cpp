#include "reconciler/apply/sight.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "reconciler/plan/planner.hpp"

namespace reconciler {
namespace {

using namespace std::chrono_literals;
constexpr Duration look_within{60s};

Result<Observation> look(const Run& run) {
  const EnvironmentId& id = run.plan.environment;
  auto memory = run.tools.ledger.memory(id);
  if (!memory) return failed(memory);
  return run.tools.drivers.observe(id, run.desired.wanted, *memory, run.variables,
                                   Deadline(run.tools.clock, look_within));
}

/// How it does, or how something else did: the Engine itself starts what crashed anew, and whoever
/// borrows its namespace is left behind.
bool says_nothing_of_others(const Difference& difference) {
  return difference.field == "state" || difference.field.starts_with("namespace of ");
}

/// Another plan would do something about what runs there.
bool is_to_be_made(const Resource& r) {
  const auto remedy = r.remedies.find(Aim::match);
  if (r.desired.empty() || remedy == r.remedies.end() || remedy->second.empty()) return false;
  const Phase phase = remedy->second.front().phase;
  return phase == Phase::start || phase == Phase::change;
}

std::set<ResourceId> changed_by(const Plan& plan) {
  std::set<ResourceId> all;
  for (const auto& action : plan.actions)
    if (action.work.phase == Phase::start || action.work.phase == Phase::change)
      all.insert(action.work.targets.begin(), action.work.targets.end());
  return all;
}

Error changed_meanwhile(const Run& run, const Resource& r, const std::string& what) {
  return error("plan.stale", fmt::format("{} was changed by somebody else meanwhile ({}): how it "
                                         "does says nothing of {}",
                                         r.id.name, what, run.plan.to))
      .next("plan again")
      .passing();
}

/// Of what the plan put in its place, the first that is not as it was put there.
std::optional<Error> put_otherwise(const Observation& seen, const Run& run) {
  const auto made = changed_by(run.plan);
  for (const auto& r : seen.resources) {
    if (!made.contains(r.id) || !is_to_be_made(r)) continue;
    if (r.observed.empty()) return changed_meanwhile(run, r, r.state);
    const auto other = std::ranges::find_if_not(r.differences, says_nothing_of_others);
    if (other != r.differences.end()) return changed_meanwhile(run, r, other->field);
  }
  return std::nullopt;
}

/// Of what the plan counts on as it is, the first that is not there any more.
std::optional<Error> taken_away(const Observation& seen, const Run& run) {
  const auto made = changed_by(run.plan);
  for (const auto& r : seen.resources)
    if (!made.contains(r.id) && is_to_be_made(r) && r.observed.empty())
      return changed_meanwhile(run, r, r.state);
  return std::nullopt;
}

using Judge = std::optional<Error> (*)(const Observation&, const Run&);

std::optional<Error> look_and(const Run& run, Judge judge) {
  const auto seen = look(run);
  // Beside a plan, cut short, and with what a person wants built anew a look goes on to ask for
  // more than was planned.
  const bool whole = !run.tools.aside && run.tools.cut.by.empty() && !run.plan.rebuilds;
  if (seen) return whole ? judge(*seen, run) : std::nullopt;
  if (seen.error().lasting == Lasting::transient) return seen.error();
  return std::nullopt;
}

}  // namespace

std::optional<Error> out_of_sight(const Run& run) {
  const auto seen = look(run);
  if (seen || seen.error().lasting != Lasting::transient) return std::nullopt;
  return seen.error();
}

std::optional<Error> others_put_otherwise(const Run& run) {
  return look_and(run, put_otherwise);
}

std::optional<Error> others_took_away(const Run& run) {
  return look_and(run, taken_away);
}

}  // namespace reconciler
