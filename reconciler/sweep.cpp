#include "reconciler/sweep.hpp"

#include "reconciler/git/tree.hpp"

namespace reconciler {
namespace {

Status add_version(const Parts& parts, const EnvironmentId& id,
                   const std::optional<Release>& release, Ledger::Slot slot,
                   std::vector<Recorded>& kept) {
  if (!release) return {};
  auto records = parts.ledger.snapshots(id, slot);
  if (!records) return failed(records);
  kept.push_back({id, parts.ledger.lineage(), release->tag, {}, {}, std::move(*records), false});
  return {};
}

/// The current and the previous version of every environment: things are kept for all of them.
Result<std::vector<Recorded>> kept_versions(const Parts& parts) {
  std::vector<Recorded> kept;
  auto all = parts.ledger.environments();
  if (!all) return failed(all);
  for (const auto& id : *all) {
    auto memory = parts.ledger.memory(id);
    if (!memory) return failed(memory);
    for (const auto& [release, slot] : {std::pair(&memory->current, Ledger::Slot::current),
                                        std::pair(&memory->previous, Ledger::Slot::previous)})
      if (auto added = add_version(parts, id, *release, slot, kept); !added) return failed(added);
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
  // Where it cannot be read what is kept, nothing is removed.
  const auto kept = kept_versions(parts);
  if (!kept) return;
  for (Driver* driver : parts.drivers.all())
    (void)driver->tidy(id, of_driver(*kept, driver->describe().name));
}

}  // namespace reconciler
