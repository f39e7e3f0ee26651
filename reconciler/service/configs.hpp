// What the config repositories say: each asked when it is due, in a thread of its own, so that a
// forge that hangs holds nobody up.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/base/log.hpp"
#include "reconciler/manifest/manifest.hpp"
#include "reconciler/reconcile.hpp"
#include "reconciler/service/lanes.hpp"
#include "reconciler/service/wake.hpp"

namespace reconciler {

/// For one thread, the service's. What it is given outlives it.
class Configs {
 public:
  Configs(const Parts& parts, Log& log, Wake& wake);

  /// Has the repositories that are due asked; `wake` is called when an answer is there.
  void ask(const std::stop_token& stop);
  /// All of them are due now.
  void hurry();
  /// Takes up what was answered meanwhile; whether anything was.
  bool take_up();
  /// Whether one is being asked, or what it answered is not taken up yet.
  bool asking() const { return due_.size() < parts_.host.repositories.size(); }
  /// When the next one is due.
  Instant due() const;
  /// What all of them said last, and from which commit each environment is.
  std::vector<Manifests> manifests() const;
  std::map<EnvironmentId, const Snapshot*> snapshots() const;
  /// Waits until no repository is being asked.
  void quiet() { lanes_.quiet(); }

 private:
  struct Config {
    Snapshot snapshot;
    Manifests manifests;
  };
  struct Answer {
    const Repository* repository = nullptr;
    std::optional<Error> why_not;  ///< then the last fetch serves
    std::optional<Snapshot> snapshot;
    std::optional<Result<Manifests>> manifests;
  };
  Answer fetch(const Repository& repository, const std::stop_token& stop) const;
  void read(Answer answer);

  const Parts& parts_;
  Log& log_;
  std::map<std::string, Instant> due_;  // by repository name; none while it is asked
  std::map<std::string, Config> configs_;
  std::mutex mutex_;
  std::vector<Answer> answers_;
  Lanes lanes_;
};

}  // namespace reconciler
