// What a person leaves out of a plan: all that comes after a phase, or some steps.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/base/result.hpp"
#include "reconciler/model/desired.hpp"
#include "reconciler/model/plan.hpp"

namespace reconciler {

struct Cut {
  std::optional<Phase> until;  ///< it ends after this phase
  /// Steps of the release, checks or the backup, by name or as the plan shows them.
  std::vector<std::string> skip{};
  bool empty() const { return !until && skip.empty(); }
};

/// The phase that people call so.
std::optional<Phase> phase_called(std::string_view word);

/// What was cut off a plan, and what that leaves behind.
struct Shortened {
  bool unrecorded = false;  ///< the version was to be recorded, and is not: it is begun and no more
  bool steps_left = false;  ///< not all that belongs to a switch to it will have run
  std::string left_out{};   ///< what is left out and stays due for nobody: checks, the backup
  std::vector<std::string> skipped{};  ///< those of Cut::skip that were due
  std::string by{};                    ///< `--until switch`; empty: nothing was cut off
  std::string leaves{};                ///< `v1.1.0 runs, neither verified nor recorded`
};

/// Cuts it. Where that leaves something out the plan has another id, and its notices say where it
/// ends; what it goes back to stays. Work of the release that is left out stays due, and so the
/// version is not recorded; a check that is left out is only left out. What was approved is the
/// whole: no approval lets a plan through that leaves out a step.
/// `cut.held` on the way back to, or in the care of, a version that git does not ask for;
/// `cut.step_unknown`; `cut.last_check` where nothing would say any more that the version is well.
Result<Shortened> shorten(Plan& plan, const Desired& desired, const Cut& cut);

/// The version as it is recorded: without the checks that were left out, for nobody asked them.
Desired without_skipped(Desired desired, const Shortened& cut);

}  // namespace reconciler
