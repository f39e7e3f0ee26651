// The state file `current_tag` of a simulated host, which scripts of other people write, too.
#pragma once

#include "reconciler/driver/driver.hpp"
#include "tests/simulation/versions.hpp"

namespace reconciler::simulation {

/// The host is not owned, and outlives the driver.
class StateFileDriver final : public Driver {
 public:
  explicit StateFileDriver(VersionsHost& host) : host_(host) {}
  Description describe() const override;
  Result<Prepared> prepare(const Request& request, const Variables& variables,
                           Deadline deadline) override;
  Result<Observation> observe(const EnvironmentId& id, const Json& wanted, const Memory& memory,
                              const Variables& variables, Deadline deadline) override;
  Result<Outcome> perform(const Attempt& attempt, const Variables& variables, Progress& progress,
                          std::stop_token stop) override;
  Result<Outcome> recover(const Attempt& attempt, const Variables& variables, Progress& progress,
                          std::stop_token stop) override;
  std::vector<Finding> check(Deadline) override { return {}; }

 private:
  VersionsHost& host_;
};

}  // namespace reconciler::simulation
