// `verify.watch`: for a while after a version was recorded its checks go on being asked, and one
// that stays unwell is treated as one that was never well.
#pragma once

#include <optional>
#include <string>

#include "reconciler/reconcile.hpp"

namespace reconciler {

/// How often the checks are asked meanwhile.
inline constexpr Duration between_looks_on = std::chrono::seconds(10);

/// What is wrong with a version that is looked on.
struct LookedOn {
  std::string tag;
  std::string desired;   ///< Desired::digest
  std::string unwell{};  ///< which check, and what it said; empty: all is well
};

/// How long one has been unwell without a break. A single bad answer is none.
class UnwellSince {
 public:
  /// What the newest look said. True, once, where it was unwell for as long as it has to be well to
  /// be recorded, and for at least three looks.
  bool too_long(const std::optional<LookedOn>& seen, Instant now, Duration stable);

 private:
  std::string tag_;
  std::optional<Instant> since_;
  int looks_ = 0;
};

/// Asks the checks once; nothing where no version is to be looked on any more: its time is over,
/// another one is wanted, it was given up or gone back to, or something is yet to be done. By what
/// the record says (Memory::watched): what was unwell then is excused, and nothing else.
Result<std::optional<LookedOn>> look_on(const Parts& parts, const Asked& asked,
                                        const Reconciled& done, const std::stop_token& stop);

/// It was unwell for too long: `on_failure`. Goes back to the version that it replaced, as
/// `rollback` does, rejected is what git asks for; where nothing goes back, it stays as it is,
/// `Stalled/WatchFailed`. `verify.failed` either way, once it is done.
Result<Reconciled> fail_looked_on(const Parts& parts, const Asked& asked, const LookedOn& unwell,
                                  const Agree& agree, Events& events, Ends ends);

}  // namespace reconciler
