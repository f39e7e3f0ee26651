// A machine on which containers live: the Engine in memory, and what becomes of the programs in its
// containers as time goes by.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plugins/docker/compose/model.hpp"
#include "tests/simulation/engine.hpp"
#include "tests/simulation/versions.hpp"
#include "tests/simulation/world.hpp"

namespace reconciler::simulation {

inline std::string label_of(const SimulatedContainer& container, std::string_view name) {
  return text_at(member_or_null(container.body, "Labels"), name);
}

/// By its name: made, kept or left beside the one that serves.
bool is_put_aside(const SimulatedContainer& container);
/// It runs, paused or not, or is about to again.
bool has_process(const SimulatedContainer& container);

/// Of the project `a` (stack.hpp). Programs do something only in tick(): as calls change something,
/// and while somebody waits. Not thread-safe, but for looks.
class Machine {
 public:
  explicit Machine(SimClock& clock);
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  SimulatedEngine& engine() { return engine_; }
  const SimulatedEngine& engine() const { return engine_; }

  // What versions are like
  std::set<std::string> unwell;   ///< tags whose site does not become healthy
  std::set<std::string> slow;     ///< that need `until_well` for it
  std::set<std::string> flaps;    ///< that are healthy at first, and after `until_unwell` no more
  std::set<std::string> crashes;  ///< whose worker ends as soon as it begins
  std::set<std::string> cannot_build;    ///< tags
  std::set<std::string> cannot_release;  ///< tags

  // What was seen
  std::vector<std::string> released;  ///< each release that was done, with no guard at all
  size_t at_once = 0;                 ///< how many releases ever ran at a time
  bool interrupted = false;           ///< a release went with the Engine or the power
  std::set<std::string> verified;     ///< tags that were well throughout `stable`

  /// Programs have come as far as they come by now.
  void tick();
  /// The Engine takes a moment to do something.
  void work();
  /// `docker build`, as we ask for it; false where the version does not build.
  bool build(const std::string& tag);
  /// dockerd dies at the n-th change from now (0: the next), before or after it took effect, and is
  /// started anew some time later.
  struct Death {
    size_t at = 0;
    bool after = false;
    bool forgets = false;  ///< as restart_engine() does
    Duration lasts{0};
  };
  void kill_engine(const Death& death);
  /// It does not die by that any more, or is started anew at once.
  void spare_engine();
  /// dockerd is started anew; it ends for that, unless it had died. `forgets`: it had not come to
  /// write down what it did last, and what ended while it was dead is not told to it.
  void restart_engine(bool forgets);
  /// The container that serves for one; null: none does.
  const SimulatedContainer* serving(const std::string& service) const;
  SimulatedContainer* serving(const std::string& service);
  /// Another container of its service that runs, under whatever name; null: none.
  const SimulatedContainer* running_beside(const SimulatedContainer& one) const;
  /// The one of its name, or of the name that version 1 of Compose gave in its stead; or null.
  const SimulatedContainer* in_place(const docker::Container& wanted) const;
  /// All of a version that is to run runs, and is as well as it gets.
  bool is_well(const std::string& tag);

 private:
  void began(SimulatedContainer& container);
  void end(SimulatedContainer& container, std::int64_t code);
  void tick(SimulatedContainer& container);
  void watch();
  void forget();

  SimClock& clock_;
  SimulatedEngine engine_;
  std::map<std::string, Instant> since_;  ///< by container: when its program began
  std::string last_;                      ///< the container that was started last, if that was its
                                          ///< first time
  std::optional<std::pair<std::string, Instant>> well_;  ///< the version that is, and since when
  Death death_;
  std::optional<Instant> died_;
  std::string unwritten_;              ///< the container whose start was the last that dockerd did
  std::set<std::string> ended_alone_;  ///< while it was dead
  size_t starts_ = 0;                  ///< of dockerd
};

}  // namespace reconciler::simulation
