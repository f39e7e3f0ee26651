// One-off tasks: a container of its own that outlives the reconciler and tells what became of it.
#pragma once

#include <stop_token>

#include "plugins/docker/services/resources.hpp"
#include "reconciler/driver/driver.hpp"

namespace reconciler::docker {

/// Creates, starts, streams, waits, judges. Exit 0 succeeded. Another code failed only if neither
/// the daemon nor the machine was started anew meanwhile; otherwise nobody can know. A stop, or the
/// step's deadline, leaves it running: Fate::running. Nobody else runs the same
/// (`release.running`); of work that may run again, an earlier attempt is waited for.
Result<Outcome> perform_task(Context& context, const CompiledModel& model, const Attempt& attempt,
                             const Grounds& grounds, const Variables& variables, Progress& progress,
                             std::stop_token stop);

/// A one-off that only answers a question, and is removed with its answer: a step of the preflight,
/// a check. It changes nothing that lasts, so it may be asked again; what does not end in time is
/// ended, and has failed.
Result<Outcome> perform_asking_task(Context& context, const CompiledModel& model,
                                    const Attempt& attempt, const Grounds& grounds,
                                    const Variables& variables, Progress& progress,
                                    std::stop_token stop);

/// From the world alone: no container, or one that was never started (it is removed), is
/// Fate::not_started; one that runs is waited for. One that reads as never started counts for no
/// more than none (without `found`) after Docker or the machine was started anew: it may have run.
Result<Outcome> recover_task(Context& context, const Attempt& attempt, const Variables& variables,
                             Progress& progress, std::stop_token stop);

}  // namespace reconciler::docker
