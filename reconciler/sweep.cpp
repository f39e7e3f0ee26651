#include "reconciler/sweep.hpp"

#include "reconciler/git/tree.hpp"

namespace reconciler {

void sweep(const Parts& parts, const EnvironmentId& id) {
  auto memory = parts.ledger.memory(id);
  if (!memory || !memory->current) return;
  std::set<std::string> commits{memory->current->commit};
  if (memory->previous) commits.insert(memory->previous->commit);
  (void)remove_other_trees(parts.state, id, commits);
  for (Driver* driver : parts.drivers.all()) (void)driver->tidy(id, *memory);
}

}  // namespace reconciler
