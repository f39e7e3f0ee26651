// Checks that Docker answers: does everything run, what do the logs say, what does a command say.
#pragma once

#include <map>
#include <mutex>
#include <stop_token>
#include <string>

#include "plugins/docker/services/context.hpp"
#include "reconciler/driver/driver.hpp"

namespace reconciler::docker {

/// Restart counts of the look before, so that a crash loop shows between two looks.
class RestartCounts {
 public:
  /// True when the container was seen before with a lower count.
  bool rose(const std::string& container, std::int64_t count);

 private:
  std::mutex mutex_;
  std::map<std::string, std::int64_t> counts_;
};

/// No container of the project is there: before its first deploy there is nothing that a preflight
/// could ask.
Result<bool> nothing_runs(Context& context, const CompiledModel& model);
/// What a preflight says then.
Outcome not_asked();
/// One look: every service runs, is healthy where it has a health check, its restart count not
/// rising from look to look, jobs exited 0; those that the attempt excuses are said. Failed says
/// which service and why, with its last lines. The caller asks again until its deadline.
Result<Outcome> check_services(Context& context, const CompiledModel& model, const Attempt& attempt,
                               RestartCounts& counts, Progress& progress);
/// The lines that a service (`*`: all) wrote since it was started; `forbid`, `contains`, `lines`.
Result<Outcome> check_logs(Context& context, const CompiledModel& model, const Json& input,
                           const Variables& variables, Progress& progress);
/// Runs a command in the service's container; what it says and its exit code. With `waits` in the
/// input one that cannot take it yet (it starts, or starts again) is waited for, a minute at most.
Result<Outcome> perform_exec(Context& context, const CompiledModel& model, const Json& input,
                             const Variables& variables, Progress& progress, std::stop_token stop);

}  // namespace reconciler::docker
