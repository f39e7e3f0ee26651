// One action tried once: intent, perform, result, and what it said meanwhile.
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "reconciler/apply/executor.hpp"
#include "reconciler/model/redaction.hpp"

namespace reconciler {

/// What every attempt of a run shares. What drivers pass on from outside goes through `redaction`.
struct Run {
  Tools tools;
  RunId id = 0;
  const Plan& plan;
  const Desired& desired;
  const Variables& variables;
  Redaction redaction;
  std::stop_token stop;
  std::stop_token newer;        ///< Tools::newer; none on the way back
  std::stop_token cut;          ///< `stop`, or what else may cut supply off
  Phase phase = Phase::supply;  ///< the one that it is in
  bool committed = false;       ///< the release or the switch has begun
  bool recorded = false;        ///< the ledger has the version
};

/// The output of an action: told as it comes, and the newest of it (`most_kept` lines) for the
/// run's log.
class Output final : public Progress {
 public:
  Output(Run& run, const Action& action) : run_(run), action_(action) {}
  void line(std::string_view text) override;
  Status begun() override;
  /// Writes what was said to the run's log. Losing the log loses no truth: its failure is passed
  /// over.
  void keep();
  std::vector<std::string> last(size_t n) const;
  /// Which attempt it is the output of; told before the work is performed.
  void of(std::string attempt) { attempt_ = std::move(attempt); }

 private:
  Run& run_;
  const Action& action_;
  std::string attempt_;
  mutable std::mutex mutex_;
  std::deque<std::string> lines_;
  size_t dropped_ = 0;
};

/// Has the driver perform; what it tells holds no secret value.
Result<Outcome> perform(Run& run, Driver& driver, const Attempt& attempt, Progress& progress);

/// Tries `action`: the outcome, or why it could not be carried through. The ledger knows either
/// way.
Result<Outcome> attempt(Run& run, const Action& action, Output& output);

/// The driver that an action belongs to; `driver.unknown`.
Result<Driver*> driver_of(const Run& run, const Action& action);

/// A few words of an outcome's evidence: `detail`, else its last line.
std::string words_of(const Outcome& outcome);

}  // namespace reconciler
