#include "tests/simulation/invariants.hpp"

#include <fmt/format.h>

namespace reconciler::simulation {

std::optional<std::string> Invariants::holds() {
  if (auto wrong = scene_.holds(story_.memory())) return wrong;
  const auto serial = story_.serial();
  if (serial < serial_) return fmt::format("the serial went from {} to {}", serial_, serial);
  // What a killed process wrote and did not sync is seen by the next one, and may go with the power
  // until that one has written something, too.
  if (disk_.synced()) serial_ = serial;
  const auto seen = story_.look_once();
  const auto last = story_.ledger().last_run(story_.id);
  if (seen && last && condition_of(seen->plan, *last).word == "Ready")
    if (auto wrong = scene_.differs(seen->plan.to, seen->plan.empty()))
      return "Ready, and " + *wrong;
  return std::nullopt;
}

}  // namespace reconciler::simulation
