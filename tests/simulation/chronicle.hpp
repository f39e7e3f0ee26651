// What happens to one environment, step by step: commits, people, faults, and a process that dies.
// A seed decides all of it; the real loop, planner, executor and ledger go through it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace reconciler::simulation {

/// One thing that happens.
struct Event {
  enum class What {
    commit,
    well_or_unwell,  ///< the tag's services, from now on
    builds_or_not,
    releases_or_not,
    stop_service,
    edit_service,
    prune_kept,
    prune_task,  ///< the container of a release, by somebody
    rollback,
    retry,
    suspend,
    resume,
    pass,            ///< of `run`
    killed_in_pass,  ///< which dies at its crossing `number`
    power_lost_in_pass,
  };
  What what;
  std::uint64_t number = 0;  ///< a tag, a service, a crossing, or the salt of what is lost
};

/// What went on, for the line that sums it up.
struct Told {
  size_t passes = 0;
  size_t deaths = 0;
  size_t power_losses = 0;
  size_t writes_lost = 0;
  std::vector<std::string> ends;  ///< `Ready/Succeeded`, one a chronicle
};

/// The events of a seed; the same on every machine.
std::vector<Event> events_of(std::uint64_t seed);
/// One a line.
std::string in_words(const std::vector<Event>& events);
/// Lets them happen, then lets it come to rest without faults. What did not hold, in one sentence;
/// none where everything did.
std::optional<std::string> happen(const std::vector<Event>& events, Told& told);
/// Fewer events that still fail.
std::vector<Event> shrunk(std::vector<Event> events);

}  // namespace reconciler::simulation
