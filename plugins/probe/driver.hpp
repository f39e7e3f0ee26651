// The driver "probe": steps of the kind `http`. Each perform asks once, through the helper; how
// often and how long is the executor's to decide.
#pragma once

#include "reconciler/base/helper.hpp"
#include "reconciler/driver/driver.hpp"
#include "reconciler/driver/explains.hpp"

namespace reconciler::probe {

class ProbeDriver final : public Driver, public Explains {
 public:
  /// `helper` must outlive it.
  explicit ProbeDriver(Helper& helper) : helper_(helper) {}

  Description describe() const override;
  /// Reads the http steps of `preflight`, `release` and `verify.checks`. All mistakes at once, each
  /// at its pointer: `health.url_denied`, `variables.unknown`, `variables.syntax`,
  /// `expression.invalid`.
  /// What is prepared holds the texts as they are written, no variable filled in.
  Result<Prepared> prepare(const Request& request, const Variables& variables,
                           Deadline deadline) override;
  Result<Observation> observe(const EnvironmentId& id, const Json& wanted, const Memory& memory,
                              const Variables& variables, Deadline deadline) override;
  /// `failed` with a detail such as `500, wanted 200` when the answer is not what is wanted or
  /// there is none; never a value of a variable. An error where it could not be asked at all.
  Result<Outcome> perform(const Attempt& attempt, const Variables& variables, Progress& progress,
                          std::stop_token stop) override;
  Result<Outcome> recover(const Attempt& attempt, const Variables& variables, Progress& progress,
                          std::stop_token stop) override;
  std::vector<Finding> check(Deadline deadline) override;
  std::vector<std::string> commands(const EnvironmentId& id, const Work& work) override;

 private:
  Helper& helper_;
};

}  // namespace reconciler::probe
