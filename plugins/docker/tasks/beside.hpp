// Whether a task's program runs already, begun by somebody else.
#pragma once

#include <string>

#include "plugins/docker/services/context.hpp"

namespace reconciler::docker {

/// What is to be started.
struct ToStart {
  std::string project;
  std::string service;
  bool only_task = false;  ///< no container of that service serves: whatever runs is the task
  std::string container;   ///< made for it; its command is compared
  std::string task;        ///< as its label says
};

/// `release.running` (it passes) where another container runs the same: an attempt at that task, by
/// its label, or whatever of the service has the very same command. A person started or restarted
/// it, or an earlier ledger knew of it. Two at a time are worse than none; another program in a
/// container of that service is no matter.
Status nobody_runs(Context& context, const ToStart& task);

}  // namespace reconciler::docker
