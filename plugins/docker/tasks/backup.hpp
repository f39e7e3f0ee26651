// Backups and what brings them back: a command in a service's container, its standard output kept
// in a file of the host, or a file given to its standard input.
#pragma once

#include <stop_token>

#include "plugins/docker/services/context.hpp"
#include "reconciler/driver/driver.hpp"

namespace reconciler::docker {

/// Input {service, command, folder, of: TAG, contains, timeout_ms, before}.
/// Waits until the service is well, as Compose would for who depends on it. Failed when the command
/// exits with another code than 0, does not end in time, writes nothing, or lacks what it has to
/// contain: then there is no new file, and the old ones are as they were. Errors: `backup.no_room`,
/// `backup.full`, and those of the Engine.
Result<Outcome> perform_backup(Context& context, const CompiledModel& model, const Json& input,
                               const Variables& variables, Progress& progress,
                               std::stop_token stop);

/// Input {folder, keep, uncounted: [FILE], needless: [FILE]}. Once what it was made for has come to
/// its end: all but `keep` go, as BackupFolder::keep() chooses.
Result<Outcome> prune_backups(const Json& input);

/// Input {service, command, folder, file, timeout_ms}. The file is looked at first:
/// `backup.unknown`, `backup.damaged`, and nothing was done. What a command that failed has changed
/// stays so.
Result<Outcome> perform_restore(Context& context, const CompiledModel& model, const Json& input,
                                Progress& progress, std::stop_token stop);

}  // namespace reconciler::docker
