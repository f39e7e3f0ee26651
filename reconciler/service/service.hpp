// `run`: a loop with one step: take an environment that is due and reconcile it. Level-triggered:
// it always looks afresh, so that a lost event costs time and never correctness.
#pragma once

#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "reconciler/base/log.hpp"
#include "reconciler/manifest/manifest.hpp"
#include "reconciler/reconcile.hpp"
#include "reconciler/service/backoff.hpp"

namespace reconciler {

/// Drives all environments of this host. Call step() again and again; tests do so under a clock of
/// theirs. Not thread-safe.
class Service {
 public:
  Service(Parts parts, Log& log) : parts_(parts), log_(log) {}

  /// Fetches config repositories that are due, reconciles every environment that is due, and says
  /// when the next thing is. One after the other: a broken environment stops none of the others, a
  /// long release of one lets them wait.
  Instant step(std::stop_token stop);

 private:
  struct Place {
    explicit Place(std::uint64_t seed) : backoff(seed) {}
    std::optional<Asked> asked;
    std::string wish;  ///< what the repository asks: a newer one ends a wait
    Instant due{};
    Backoff backoff;
    std::string said;  ///< what was last logged of a failure: the same is said once
  };
  /// What a config repository said last.
  struct Config {
    Snapshot snapshot;
    Manifests manifests;
  };
  void fetch(const Repository& repository, std::stop_token stop);
  void read(const Repository& repository, const Snapshot& snapshot);
  /// What all repositories together ask of this host.
  void take_up();
  void ask(const Snapshot& snapshot, EnvironmentSpec spec);
  void reconcile_one(const EnvironmentId& id, Place& place, std::stop_token stop);
  void later(const EnvironmentId& id, Place& place, const Error& why);
  /// Logs what an environment waits for, unless that is what was said last.
  void tell(Place& place, std::string text);

  Parts parts_;
  Log& log_;
  std::map<std::string, Instant> fetch_due_;  // by repository name
  std::map<std::string, Config> configs_;     // by repository name
  std::map<EnvironmentId, Place> places_;
  size_t serving_ = 0;  // how many were said to be served
};

}  // namespace reconciler
