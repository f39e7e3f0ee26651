// The container of one attempt at a task: made, started, followed to its end, judged.
#pragma once

#include <map>
#include <stop_token>
#include <string>

#include "plugins/docker/services/resources.hpp"
#include "plugins/docker/tasks/output.hpp"
#include "reconciler/driver/driver.hpp"

namespace reconciler::docker {

/// What an inspection says of how it is.
const Json& task_state(const Json& inspect);
/// The task's name, as the container's label has it.
std::string task_of(const Attempt& attempt);
/// The container's name, as people write it.
std::string task_container(const Json& inspect);
/// How long an attempt may take: what its step says, else an hour.
Duration time_for(const Json& input);

class Task {
 public:
  Task(Context& context, const Attempt& attempt, const Variables& variables, Progress& progress)
      : context_(context),
        attempt_(attempt),
        output_(attempt.work.input, variables, progress),
        progress_(progress) {}

  /// Makes it, not started: `plan.stale`, `image.missing` and `object.harmed` (they pass),
  /// `image.gone`.
  Status create(const CompiledModel& model, const std::string& service, const Grounds& grounds);
  /// Nobody else runs the same; asked of the container that was made for it.
  Status is_alone(const CompiledModel& model);
  Status start();
  /// Streams until it ends, then judges; `left` is how long it may still run.
  Result<Outcome> follow(Duration left, std::stop_token stop);
  /// Of one that was started before: as `follow`, having said what is waited for.
  Result<Outcome> follow_again(const Json& inspect, Duration left, std::stop_token stop);
  /// Takes it away, running or not, with what was made for it alone.
  Status remove();

 private:
  Status restore_objects(const Container& own, const Grounds& grounds) const;
  Result<std::map<std::string, std::string>> containers_lent(const CompiledModel& model,
                                                             const Container& own);
  Result<Outcome> gone();
  bool read_the_rest();
  Result<Outcome> judge(const Json& inspect, bool heard);

  Context& context_;
  const Attempt& attempt_;
  Output output_;
  Progress& progress_;
  std::string id_;
  std::string name_;
};

}  // namespace reconciler::docker
