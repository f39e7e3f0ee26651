// A driver in another process: a program that speaks the seam's calls as JSON-RPC over its standard
// input and output. To the core it is a driver like any other.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/base/clock.hpp"
#include "reconciler/driver/child.hpp"
#include "reconciler/driver/driver.hpp"

namespace reconciler {

struct RemoteOptions {
  std::vector<std::string> argv;  ///< argv[0] an absolute path; no value of a variable, ever
  Duration describe{std::chrono::seconds(10)};
  Duration perform{std::chrono::hours(6)};    ///< also recover, when it waits for what runs
  Duration cancel{std::chrono::seconds(30)};  ///< from a stop to its answer; then it is killed
};

/// One call at a time: work of several threads queues. The program is started at the first call and
/// again after it died. Every call has a deadline: `driver.timeout` kills it. Errors of the driver
/// come back as they are; besides `driver.died`, `driver.protocol`, `driver.output_limit`,
/// `driver.untrusted`, `driver.failed_to_start`.
class RemoteDriver final : public Driver {
 public:
  /// Starts it and asks what it is. `clock` must outlive it and be the one of the deadlines.
  static Result<std::unique_ptr<RemoteDriver>> start(RemoteOptions options, const Clock& clock);

  Description describe() const override { return description_; }
  Result<Prepared> prepare(const Request& request, const Variables& variables,
                           Deadline deadline) override;
  Result<Observation> observe(const EnvironmentId& id, const Json& wanted, const Memory& memory,
                              const Variables& variables, Deadline deadline) override;
  Result<Outcome> perform(const Attempt& attempt, const Variables& variables, Progress& progress,
                          std::stop_token stop) override;
  Result<Outcome> recover(const Attempt& attempt, const Variables& variables, Progress& progress,
                          std::stop_token stop) override;
  Result<SealedRecords> snapshot(const EnvironmentId& id, const Json& wanted,
                                 Deadline deadline) override;
  Result<Prepared> restore(const Recorded& recorded, Deadline deadline) override;
  Result<Observation> left_behind(const EnvironmentId& id, const Json& wanted,
                                  const std::set<std::string>& lineages,
                                  Deadline deadline) override;
  std::vector<Finding> check(Deadline deadline) override;

 private:
  struct Call {
    std::string_view method;
    Json params;
    Duration most;
    Progress* progress = nullptr;
    std::stop_token stop{};
  };

  RemoteDriver(RemoteOptions options, const Clock& clock)
      : options_(std::move(options)), clock_(clock) {}
  Result<Json> call(Call call);
  Result<Outcome> outcome_of(const char* method, const Attempt& attempt, const Variables& variables,
                             Progress& progress, std::stop_token stop);
  Result<Json> exchange(Call& call);
  Status make_ready();

  RemoteOptions options_;
  const Clock& clock_;
  Description description_;
  std::mutex mutex_;  ///< around everything below
  std::optional<Child> child_;
  std::int64_t last_id_ = 0;
};

}  // namespace reconciler
