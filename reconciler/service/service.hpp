// `run`: a loop with one step: take an environment that is due and reconcile it. Level-triggered:
// it always looks afresh, so that a lost event costs time and never correctness.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "reconciler/base/log.hpp"
#include "reconciler/reconcile.hpp"
#include "reconciler/service/backoff.hpp"
#include "reconciler/service/configs.hpp"
#include "reconciler/service/lanes.hpp"
#include "reconciler/service/pass.hpp"
#include "reconciler/service/wake.hpp"

namespace reconciler {

/// Drives all environments of this host. Call step() again and again, from one thread; tests do so
/// under a clock of theirs. Its end waits for what is under way.
class Service {
 public:
  /// `parts` but for the drivers, of which each lane makes its own.
  Service(Parts parts, Lanes::MakeDrivers make_drivers, Log& log);

  /// Has config repositories that are due asked and environments that are due reconciled, in lanes
  /// beside this thread, takes up what has ended there, and says when the next thing is. Never
  /// waits. One environment never overlaps itself. Looks are done one after the other; one that
  /// lasts, or comes to perform something, holds up no other.
  Instant step(std::stop_token stop);
  /// Until `until`, or until there is something to take up.
  void wait(Instant until, const std::stop_token& stop) { wake_.wait(parts_.clock, until, stop); }
  /// Something was heard: that environment is due. Thread-safe.
  void heard(const Heard& what);
  /// Nothing is under way.
  bool idle() const;
  /// Waits until what is under way has ended; it is still to be taken up. The second waits for
  /// what repositories are asked alone.
  void quiet();
  void quiet_asking();

 private:
  struct Place {
    explicit Place(std::uint64_t seed) : backoff(seed), tidying(seed), backing_up(seed) {}
    std::optional<Asked> asked;
    std::string wish;  ///< what the repository asks: a newer one ends a wait
    Instant due{};
    Instant looked{};            ///< when its last pass ended
    std::shared_ptr<Pass> pass;  ///< under way
    bool newer = false;          ///< during the pass something else was asked for
    bool woken = false;          ///< during the pass something was heard
    bool beside = false;         ///< something was started beside what is to run
    bool gone = false;           ///< during the pass it vanished from git
    Backoff backoff;
    Backoff tidying;       ///< of what could not be removed
    Instant tidy_after{};  ///< when that is tried again; all else waits for nothing
    Backoff backing_up;    ///< of a backup by its schedule that failed
    Instant backup_after{};
    std::string said;  ///< what was last logged of a failure: the same is said once
    std::shared_ptr<UnwellSince> unwell_since = std::make_shared<UnwellSince>();
  };
  /// What all repositories together ask of this host.
  void take_up(const std::stop_token& stop);
  void look_after_recorded(const EnvironmentId& id, Place& place);
  void ask(const Snapshot& snapshot, EnvironmentSpec spec, const std::stop_token& stop);
  /// Ends the pass under way where something else is asked for now.
  void supersede(Place& place, bool by_manifest, const std::stop_token& stop);
  void take_up_heard();
  void wake(Place& place, const Heard& what);
  void take_up_ended();
  void begin(const EnvironmentId& id, Place& place, const std::stop_token& stop);
  void begin_due(const std::stop_token& stop);
  void ended(const EnvironmentId& id, Place& place, const Result<Reconciled>& done);
  void backed_up(const EnvironmentId& id, Place& place, const Status& done);
  void later(const EnvironmentId& id, Place& place, const Error& why);
  /// Logs what an environment waits for, unless that is what was said last.
  void tell(Place& place, std::string text);
  /// When one that looks counts as one that lasts; the past where none looks.
  Instant looks_until() const;
  Instant next() const;

  Parts parts_;
  Log& log_;
  Wake wake_;
  std::map<EnvironmentId, Place> places_;
  size_t serving_ = 0;  // how many were said to be served
  std::mutex mutex_;    // of what other threads add to
  std::vector<Heard> heard_;
  std::vector<std::pair<EnvironmentId, Result<Reconciled>>> ended_;
  Configs configs_;
  Lanes asking_;  // whether a commit asks for something else of one that is being reconciled
  Lanes lanes_;
};

}  // namespace reconciler
