// What a person has done beside what git asks for: a task of the manifest once more, a service
// stopped and started. Nothing that is wanted changes by it.
#pragma once

#include "reconciler/reconcile.hpp"

namespace reconciler {

/// One of the two.
struct Errand {
  std::string task{};                  ///< a step, by the name that plans give it
  std::vector<std::string> restart{};  ///< services, as they run
};

/// Tasks are those of the version that runs, compiled as git asks for it: `task.unknown`;
/// `task.not_deployed` while git asks for another version. A restart is of what was recorded last
/// where git asks for another, or for nothing that can be had: `service.unknown`,
/// `service.no_restart`. It is checked afterwards, and a failure goes back to nothing.
/// Once-only work counts as tried by no plan.
Result<Reconciled> run_errand(const Parts& parts, const Asked& asked, const Errand& errand,
                              const std::string& who, const Agree& agree, Events& events,
                              Ends ends);

}  // namespace reconciler
