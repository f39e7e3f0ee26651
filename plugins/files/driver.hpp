// The driver "files": `current_tag` and `prev_tag`, for scripts and people. The ledger is the
// truth; these are its outputs, rewritten whenever they differ from it.
#pragma once

#include "reconciler/driver/driver.hpp"
#include "reconciler/driver/explains.hpp"

namespace reconciler::files {

class FilesDriver final : public Driver, public Explains {
 public:
  Description describe() const override;
  /// Reads `host.state_files` (where the manifest wants them; empty: under `host.state`),
  /// `host.policy.state_files` (roots), `host.adopted` (others' lineages that count as ours) and
  /// `host.file`. `path.policy`, `state.lineage`, both at `#/state_files`.
  Result<Prepared> prepare(const Request& request, const Variables& variables,
                           Deadline deadline) override;
  Result<Observation> observe(const EnvironmentId& id, const Json& wanted, const Memory& memory,
                              const Variables& variables, Deadline deadline) override;
  /// `plan.stale` when the file is not what it was when it was planned; `state.lineage`.
  Result<Outcome> perform(const Attempt& attempt, const Variables& variables, Progress& progress,
                          std::stop_token stop) override;
  Result<Outcome> recover(const Attempt& attempt, const Variables& variables, Progress& progress,
                          std::stop_token stop) override;
  std::vector<Finding> check(Deadline deadline) override;
  std::vector<std::string> commands(const EnvironmentId& id, const Work& work) override;
};

}  // namespace reconciler::files
