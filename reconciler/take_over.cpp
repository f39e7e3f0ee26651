#include "reconciler/take_over.hpp"

#include "reconciler/apply/kept.hpp"
#include "reconciler/plan/take_over.hpp"

namespace reconciler {
namespace {

using namespace std::chrono_literals;
constexpr Duration snapshot_within{1min};

/// What it takes to make the version again, where it is just what is wanted.
Result<SealedRecords> records_of(const Parts& parts, const Look& seen) {
  const auto& id = seen.desired.id;
  auto records =
      parts.drivers.snapshot(id, seen.desired.wanted, Deadline(parts.clock, snapshot_within));
  if (!records) return records;
  auto version =
      seal_version(parts.ledger.key(), parts.ledger.lineage(), seen.desired, seen.variables);
  if (!version) return failed(version);
  (*records)[kept_id(id)] = std::move(*version);
  return records;
}

Adoption adoption_of(const Look& seen, const TakenOver& found, const Memory& after,
                     const std::string& who) {
  Adoption adoption;
  adoption.who = who;
  adoption.current = after.current;
  adoption.previous = after.previous;
  adoption.changed_to = after.changed_to;
  for (const auto& [tag, artifacts] : found.versions)
    if (tag != found.tag && tag != found.previous) adoption.before.push_back(tag);
  for (const auto& step : seen.desired.steps)
    if (!step.once_key.empty() && after.once.contains(step.once_key) &&
        !seen.memory.once.contains(step.once_key))
      adoption.once_keys[step.once_key] = step.name;
  return adoption;
}

class Silent final : public Progress {
  void line(std::string_view) override {}
};

/// State files and the like, which are outputs.
Status write_unwritten(const Parts& parts, const Look& seen, const std::stop_token& stop) {
  Silent progress;
  for (const auto& action : seen.plan.actions) {
    if (action.work.phase != Phase::record || action.work.targets.at(0).driver == "ledger")
      continue;
    auto driver = parts.drivers.performer(action.work);
    if (!driver) return failed(driver);
    const Attempt attempt{"", seen.desired.id, seen.memory.lineage, "", action.work};
    auto done = (*driver)->perform(attempt, seen.variables, progress, stop);
    if (!done) return failed(done);
  }
  return {};
}

}  // namespace

Result<Look> take_over(const Parts& parts, const Asked& asked, Look seen, const std::string& who,
                       const std::stop_token& stop) {
  if (seen.plan.taken_over.empty() || seen.plan.suspended || seen.plan.stalled) return seen;
  const auto found = find_taken_over(seen.desired, seen.observation, seen.memory);
  if (!found) return seen;
  const auto after = with_taken_over(seen.memory, seen.desired, *found, parts.clock.wall());
  auto adoption = adoption_of(seen, *found, after, who);
  if (found->whole) {
    auto records = records_of(parts, seen);
    if (!records) return failed(records);
    adoption.snapshots = std::move(*records);
  }
  // What is counted on first: cut off in between, it is found and written again.
  for (const auto& [tag, artifacts] : found->versions)
    if (auto counted = parts.ledger.claim(seen.desired.id, tag, artifacts); !counted)
      return failed(counted);
  if (auto known = parts.ledger.adopt(seen.desired.id, adoption); !known) return failed(known);
  Asked same = asked;
  same.fetch = false;
  auto again = look(parts, same, stop);
  if (again && found->whole) {
    if (auto written = write_unwritten(parts, *again, stop); !written) return failed(written);
    again = look(parts, same, stop);
  }
  if (again) again->plan.taken_over = found->words;
  return again;
}

}  // namespace reconciler
