// One reconciliation under way in a lane, and what the service's thread sees of it.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "reconciler/base/log.hpp"
#include "reconciler/reconcile.hpp"
#include "reconciler/service/looked_on.hpp"

namespace reconciler {

/// run() in a lane; all else from the service's thread, or any.
class Pass {
 public:
  /// `beside`: something was started beside what is to run, since the last one.
  /// `tries`: what failed beside all else before is tried again. `unwell_since`: of the version
  /// that is looked on, from pass to pass.
  struct Tries {
    bool tidying = true;
    bool backup = true;
  };
  Pass(Asked asked, Instant began, bool beside, Tries tries,
       std::shared_ptr<UnwellSince> unwell_since)
      : asked_(std::move(asked)),
        began_(began),
        started_beside_(beside),
        tries_(tries),
        unwell_since_(std::move(unwell_since)) {}

  /// The whole reconciliation. `performs` is called when it has begun to perform a plan.
  Result<Reconciled> run(const Parts& parts, Log& log, const std::function<void()>& performs,
                         std::stop_token stop);
  /// Something else is asked for; something was started beside it.
  void supersede() { newer_.request_stop(); }
  void disturb() { beside_.request_stop(); }
  bool performing() const { return performing_; }
  /// Whether it works for just what `asked` (Desired::asked) is. False while it looks: then nothing
  /// is lost by looking again.
  bool works_for(const std::string& asked) const;
  Instant began() const { return began_; }
  /// A version is looked on: the next pass is due soon.
  bool looks_on() const { return looks_on_; }
  /// A backup was due by its schedule: made, or why it was not.
  const std::optional<Status>& backed_up() const { return backed_up_; }

 private:
  /// The whole reconciliation but for the looking on.
  Result<Reconciled> reconcile_all(const Parts& parts, Log& log, Events& events,
                                   const std::function<void()>& performs, const Ends& ends);
  /// `backup.every`, of what was recorded last and nobody has begun to change.
  void back_up_when_due(const Parts& parts, Log& log, Events& events,
                        const std::function<void()>& performs, const Ends& ends);
  /// What this pass performed ended with half of it running, and has itself said what follows.
  bool has_failed_half_way(const Ledger& ledger) const;
  /// What was recorded last, while what git asks for waits, cannot be had, or failed.
  Result<Reconciled> look_after_recorded(const Parts& parts, Events& events, const Agree& agree,
                                         const Ends& ends) const;

  const Asked asked_;
  const Instant began_;
  const bool started_beside_;
  const Tries tries_;
  const std::shared_ptr<UnwellSince> unwell_since_;
  std::atomic<bool> looks_on_ = false;
  std::optional<Status> backed_up_;  // read when the pass has ended
  std::stop_source newer_;
  std::stop_source beside_;
  std::atomic<bool> performing_ = false;
  mutable std::mutex mutex_;
  std::string works_for_;
};

}  // namespace reconciler
