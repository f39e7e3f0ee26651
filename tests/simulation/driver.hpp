// The simulated driver: the seam over a SimHost. The same planner, executor and ledger run over it.
#pragma once

#include <mutex>

#include "reconciler/driver/driver.hpp"
#include "tests/simulation/host.hpp"

namespace reconciler::simulation {

/// Neither host nor wanted is owned; both outlive the driver.
class SimDriver final : public Driver {
 public:
  SimDriver(SimHost& host, const SimWanted& wanted) : host_(host), wanted_(wanted) {}
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
  Resource image(const std::string& name) const;
  Resource service(const std::string& name, const SimService& want) const;
  Resource file(const std::string& name, const std::string& content) const;
  Outcome run_release(const Attempt& attempt);
  SimHost& host_;
  const SimWanted& wanted_;
  std::mutex supplying_;  ///< several threads at a time
};

}  // namespace reconciler::simulation
