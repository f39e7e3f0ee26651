// What a person has done beside what git asks for: a task of the manifest once more, a service
// stopped and started, a backup made or brought back. Nothing that is wanted changes by it.
#pragma once

#include "reconciler/reconcile.hpp"

namespace reconciler {

/// One of the four.
struct Errand {
  std::string task{};                  ///< a step, by the name that plans give it
  std::vector<std::string> restart{};  ///< services, as they run
  bool backup = false;
  std::string restore{};        ///< the name of a backup
  bool without_backup = false;  ///< of a restore: what is there now is not backed up first
  bool of_backups() const { return backup || !restore.empty(); }
};

/// What a person types to have it done.
std::string command_of(const EnvironmentId& id, const Errand& errand);

/// Tasks are those of the version that runs, compiled as git asks for it: `task.unknown`;
/// `task.not_deployed` while git asks for another version. A restart is of what was recorded last
/// where git asks for another, or for nothing that can be had: `service.unknown`,
/// `service.no_restart`. It is checked afterwards, and a failure goes back to nothing.
/// Once-only work counts as tried by no plan.
/// A backup is of what runs, whatever git asks for: `backup.none` where its manifest describes
/// none. Before one is brought back, one of now is made, which has to succeed, unless that is
/// waived; `restore.none`, `backup.unknown`. The checks are asked afterwards.
Result<Reconciled> run_errand(const Parts& parts, const Asked& asked, const Errand& errand,
                              const std::string& who, const Agree& agree, Events& events,
                              Ends ends);

}  // namespace reconciler
