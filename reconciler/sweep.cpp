#include "reconciler/sweep.hpp"

#include "reconciler/git/tree.hpp"

namespace reconciler {
namespace {

void add_version(const Parts& parts, const EnvironmentId& id, const std::optional<Release>& release,
                 Ledger::Slot slot, std::vector<Recorded>& kept) {
  if (!release) return;
  auto records = parts.ledger.snapshots(id, slot);
  if (!records) return;
  kept.push_back({id, parts.ledger.lineage(), release->tag, {}, {}, std::move(*records), false});
}

/// The current and the previous version of every environment: things are kept for all of them.
std::vector<Recorded> kept_versions(const Parts& parts) {
  std::vector<Recorded> kept;
  auto all = parts.ledger.environments();
  if (!all) return kept;
  for (const auto& id : *all) {
    auto memory = parts.ledger.memory(id);
    if (!memory) continue;
    add_version(parts, id, memory->current, Ledger::Slot::current, kept);
    add_version(parts, id, memory->previous, Ledger::Slot::previous, kept);
  }
  return kept;
}

std::vector<Recorded> of_driver(const std::vector<Recorded>& kept, const std::string& driver) {
  std::vector<Recorded> own = kept;
  for (auto& version : own)
    std::erase_if(version.records, [&](const auto& one) { return one.first.driver != driver; });
  return own;
}

}  // namespace

void sweep(const Parts& parts, const EnvironmentId& id) {
  auto memory = parts.ledger.memory(id);
  if (!memory || !memory->current) return;
  std::set<std::string> commits{memory->current->commit};
  if (memory->previous) commits.insert(memory->previous->commit);
  (void)remove_other_trees(parts.state, id, commits);
  const auto kept = kept_versions(parts);
  for (Driver* driver : parts.drivers.all())
    (void)driver->tidy(id, of_driver(kept, driver->describe().name));
}

}  // namespace reconciler
