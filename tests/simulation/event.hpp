// What may happen to one environment: commits, people, faults, passes of the loop. A seed decides
// which, in which order, and in the midst of what.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace reconciler::simulation {

/// One thing that happens.
struct Event {
  enum class What {
    // The repository, and what a version is like from now on
    commit,
    turns,  ///< its services: well, unwell, slow to become well, well for a moment only
    builds_or_not,
    releases_or_not,
    // Other people
    stop_service,
    remove_service,
    edit_service,
    edit_state_file,
    old_script,  ///< deploys past the program, as it was done before
    prune_kept,
    prune_images,  ///< all that nothing runs of
    prune_task,    ///< the container of a release
    // People who ask the program
    rollback,
    retry,
    suspend,
    resume,
    settle,  ///< says what truly became of a release
    // The machine
    engine_away,  ///< does not answer for some calls; some take effect all the same
    disk_full,    ///< for some writes
    sync_fails,   ///< once; what it was to write is lost with the power
    disk_lies,    ///< says that it has synced what it has not, until the power is lost
    clock_jumps,
    // Another process on the same state folder
    another,
    // Within a pass alone
    terminated,
    superseded,  ///< by another commit
    // The loop
    pass,
    killed_in_pass,
    power_lost_in_pass,
    // What is done with the data, in chronicles of that alone
    back_up,
    bring_back,  ///< a whole backup; every third time that ends half way
    killed_in_restore,
    power_lost_in_restore,
    put_right,        ///< by hand, what was left half; and says so
    release_refused,  ///< before it has begun, once or a few times: somebody else runs it
    // To containers, in chronicles of those alone
    pause_service,
    rename_service,
    disconnect_service,
    prune_containers,  ///< all that do not run
    retag_image,       ///< a version's name is given to another image
    kill_engine,       ///< it is started again a while later, and may have forgotten a little
  };
  What what;
  std::uint64_t number = 0;  ///< decides all else: the tag, the service, the moment, what is lost
  bool within = false;       ///< in the midst of the pass that comes next

  std::string tag() const { return "v" + std::to_string(number % 5); }
};

/// How many kinds there are, those of data and of containers aside.
inline constexpr size_t kinds = static_cast<size_t>(Event::What::power_lost_in_pass) + 1;
/// `state file edited`, ...
const std::string& to_text(Event::What what);

/// What there is on a host, as far as it is told.
enum class Of {
  versions,    ///< that come and go as a whole
  data,        ///< versions that say how theirs is backed up
  containers,  ///< of an Engine, under the Docker driver
};

/// A host's history: how many versions' images are kept beside two, and what happens.
struct Chronicle {
  int keep = 1;
  std::vector<Event> events;
  Of of = Of::versions;
};

/// That of a seed; the same on every machine.
Chronicle chronicle_of(std::uint64_t seed);
/// One in which backups are made and brought back, whatever becomes of whoever does it.
Chronicle data_chronicle_of(std::uint64_t seed);
/// One in which each call of the Engine may be somebody's last, and people change containers past
/// the program.
Chronicle container_chronicle_of(std::uint64_t seed);
/// One event a line.
std::string in_words(const Chronicle& chronicle);

}  // namespace reconciler::simulation
