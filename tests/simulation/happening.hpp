// One environment to which a chronicle happens, event by event.
#pragma once

#include <memory>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <vector>

#include "tests/simulation/chronicle.hpp"
#include "tests/simulation/disk.hpp"
#include "tests/simulation/invariants.hpp"
#include "tests/simulation/life.hpp"
#include "tests/simulation/listener.hpp"
#include "tests/simulation/past.hpp"
#include "tests/simulation/seam.hpp"
#include "tests/simulation/story.hpp"

namespace reconciler::simulation {

/// Each function says what did not hold, in one sentence; none where everything did.
class Happening {
 public:
  Happening(const Chronicle& chronicle, Told& told);
  ~Happening() { told_.done = scene_->calls(); }
  Happening(const Happening&) = delete;
  Happening& operator=(const Happening&) = delete;

  std::optional<std::string> happen(const Event& event);
  /// Nothing goes wrong any more: it comes to rest at the target, or stays as the table of ends
  /// allows; and then nothing is touched.
  std::optional<std::string> rest();
  /// Whatever it stayed like, the next good version goes through.
  std::optional<std::string> go_on();

 private:
  /// Does what people ask of the program; false where the event is not of that kind.
  bool asked(const Event& event);
  /// A person looked into the database, and says what became of the release of what is asked for.
  void settle();
  std::optional<std::string> pass(const Event& event);
  /// One thing that the program does, which may be its last.
  using Does = std::function<Result<Reconciled>(const std::function<void(const Plan&)>& agreed)>;
  std::optional<std::string> does(const Event& event, const Does& it);
  /// By hand, what the ledger says is half; and the person says so.
  void put_data_right();
  std::optional<std::string> done_with_data(const Event& event);
  /// A backup that is not known to be half of one; which, `number` says. None: there is none.
  std::optional<std::string> whole_backup(std::uint64_t number);
  std::optional<std::string> looked_at();
  std::optional<std::string> begin_again(const std::function<void()>& between = [] {});
  std::optional<std::string> pass_of_another();
  std::optional<std::string> rested();
  bool refuses();
  std::optional<std::string> settles(size_t passes);
  std::optional<std::string> answer_for_ledger();
  void lose_ledger();
  /// In the midst of a pass.
  void at_call();
  void meanwhile(const Event& event);
  void on_machine(const Event& event);
  void disturb();
  void try_as_another();

  Told& told_;
  Life life_;
  Life another_life_;
  Disk disk_;
  Seam seam_;
  Seam another_seam_;
  Listener listener_;
  const std::unique_ptr<Scene> scene_;
  Story story_;
  Invariants invariants_;
  Past past_;
  std::vector<Event> waiting_;  ///< for the next pass
  bool passing_ = false;
  size_t calls_ = 0;                  ///< since the pass began
  std::optional<size_t> tries_from_;  ///< the call from which on another process is at it, too
  std::stop_source stop_;
  std::stop_source newer_;
  std::optional<std::string> wrong_;  ///< what was found in the midst of a pass
};

}  // namespace reconciler::simulation
