// All drivers as one: prepared together, observed into one observation, found by name.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/driver/driver.hpp"

namespace reconciler {

/// What all drivers made of one environment.
struct PreparedAll {
  std::map<std::string, Json> wanted;  ///< by driver, for `observe`
  std::vector<Step> steps;             ///< in the manifest's order, release before checks
  std::set<ResourceId> required;
  Duration patience{0};  ///< the longest
  std::string digest;    ///< of all that is wanted
};

/// Owns the drivers. As thread-safe as they are (driver.hpp).
class Drivers {
 public:
  /// `driver.duplicate` when one of that name is here, `driver.nameless` without a name. `with` is
  /// what it works with, kept for as long as the driver.
  Status add(std::unique_ptr<Driver> driver, std::shared_ptr<const void> with = {});
  /// Nullptr when there is none of that name.
  Driver* find(std::string_view name) const;
  /// The one that is to perform this: the driver of its first target. `driver.unknown`.
  Result<Driver*> performer(const Work& work) const;
  /// All of them, by name.
  std::vector<Driver*> all() const;
  /// As they were when added.
  std::vector<Description> describe() const;

  /// Every driver's mistakes at once.
  Result<PreparedAll> prepare(const Request& request, const Variables& variables,
                              Deadline deadline) const;
  /// One observation out of many, resources by id. A driver that is not in `wanted` is not asked.
  /// The first driver that cannot look ends it: half an observation would plan nonsense.
  Result<Observation> observe(const EnvironmentId& id, const std::map<std::string, Json>& wanted,
                              const Memory& memory, const Variables& variables,
                              Deadline deadline) const;
  /// All drivers' at once. A driver that is not in `wanted` is not asked. The first that cannot
  /// tell ends it: half of them would be taken for all. `driver.protocol` for an id of another
  /// driver.
  Result<SealedRecords> snapshot(const EnvironmentId& id, const std::map<std::string, Json>& wanted,
                                 Deadline deadline) const;
  /// Makes a recorded version wanted again: `wanted` and `steps` of `into` become what each driver
  /// makes of them and of its own of `records`. Every driver's reasons at once why it cannot.
  Status restore(Desired& into, const std::string& lineage, const SealedRecords& records,
                 bool complete, Deadline deadline) const;
  /// All drivers' at once; `wanted` as it was recorded last, as far as it is known.
  Result<Observation> left_behind(const EnvironmentId& id,
                                  const std::map<std::string, Json>& wanted,
                                  const std::set<std::string>& lineages, Deadline deadline) const;
  std::vector<Finding> check(Deadline deadline) const;

 private:
  struct Known {
    Description description;
    std::shared_ptr<const void> with;
    std::unique_ptr<Driver> driver;
  };
  std::vector<Known> drivers_;  // by name, so that no order of adding shows anywhere
};

}  // namespace reconciler
