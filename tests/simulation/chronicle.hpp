// A chronicle happens: the real loop, planner, executor and ledger go through what a seed decided.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/event.hpp"

namespace reconciler::simulation {

/// What went on, for the lines that sum it up.
struct Told {
  size_t passes = 0;
  size_t deaths = 0;
  size_t power_losses = 0;
  size_t writes_lost = 0;                  ///< dropped or torn
  size_t calls_lost = 0;                   ///< that the Engine did not answer
  size_t kept_out = 0;                     ///< other processes that met the lock
  size_t needless = 0;                     ///< backups that went first
  std::map<std::string, size_t> happened;  ///< events, by kind
  std::map<std::string, size_t> ends;      ///< `Ready/Succeeded`, one a chronicle
  std::vector<std::string> done;           ///< all that was done to the host of the last one
  void add(const Told& other);
};

/// Lets it happen, then lets it come to rest without faults, then asks for one more good version.
/// What did not hold, in one sentence; none where everything did.
std::optional<std::string> happen(const Chronicle& chronicle, Told& told);
/// One with fewer events that still fails.
Chronicle shrunk(Chronicle chronicle);

}  // namespace reconciler::simulation
