// A driver over a host in memory on which versions of one application come and go: built, released,
// switched, verified, kept, removed; for the whole loop to run over. What a version is stands in
// its manifest's section `sim`: {services: [NAME..], release: true|false, check: NAME}; its images
// are `NAME:TAG`.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reconciler/driver/driver.hpp"
#include "tests/simulation/data.hpp"

namespace reconciler::simulation {

struct Runs {
  std::string tag;
  bool up = true;
  bool edited = false;       ///< somebody changed its environment
  Instant since{};           ///< when it was started
  std::int64_t attempt = 0;  ///< that made it, as its label says
  std::string lineage{};     ///< of whoever did; empty: no label
  bool left_behind = false;  ///< whose namespace it borrows was started anew since
};

/// One attempt at a release, in a container of its own: it goes on whatever becomes of who started
/// it.
struct ReleaseTask {
  std::string tag;
  bool started = false;
  std::optional<bool> well;  ///< once it has ended
  bool interrupted = false;  ///< it went with the power, in the midst of what it did
  std::string lineage{};

  bool runs() const { return started && !well && !interrupted; }
};

inline constexpr Duration stable{1000};
inline constexpr Duration until_well{1200};
inline constexpr Duration until_unwell{700};

/// What is there, and what will become of what is tried.
struct VersionsHost {
  std::set<std::string> images;
  std::map<std::string, Runs> services;
  std::map<std::string, std::string> kept;  ///< `.prev`, by service: its tag
  std::string current_tag;                  ///< the state file
  bool hand_written = false;                ///< it is as somebody else wrote it
  std::set<std::string> scripted;           ///< tags that somebody deployed past the program
  std::set<std::string> adopted;            ///< lineages that a person took over
  std::set<std::string> pruned;             ///< images that somebody else removed
  std::set<std::string> unwell;             ///< tags whose services do not become well
  std::set<std::string> slow;               ///< tags that need `until_well` for it
  std::set<std::string> flaps;  ///< tags that are well at first, and after `until_unwell` no more
  std::map<std::string, Error> cannot_prepare;  ///< tags, and why
  std::map<std::string, Error> cannot_observe;  ///< tags, and why
  std::map<std::string, Error> cannot_verify;   ///< tags, and why nobody can tell how they are
  bool well_of_any = false;                     ///< checks ask no container whose it is
  std::set<std::string> cannot_build;
  std::set<std::string> cannot_release;
  std::set<std::string> cannot_switch;
  std::set<std::string> outlives;  ///< tags whose release goes on when it was waited for too long
  bool releases_after = false;     ///< once the version runs already
  std::uint64_t refused = 0;       ///< so many releases to come, before they have begun
  std::set<std::string> cannot_restore;
  std::optional<Error> cannot_remove;        ///< anything
  std::optional<Error> cannot_write;         ///< the state file
  std::map<std::string, ReleaseTask> tasks;  ///< by attempt and its lineage
  /// A task that was made and never started was taken away, so that it never will be: killed right
  /// then, nobody can tell any more that it did not run.
  bool fenced = false;
  Data data;                                  ///< what releases write
  std::vector<std::string> released;          ///< each release that was done, with no guard at all
  size_t at_once = 0;                         ///< how many releases ever ran at a time
  std::map<std::string, Instant> well_since;  ///< by tag, for as long as each answer was that
  std::set<std::string> verified;             ///< tags that were well throughout `stable`
  std::vector<std::string> calls;             ///< `VERB TAG` of all that was performed
  std::function<void(const std::string& call)> on_call = [](const std::string&) {};
  std::function<Instant()> now = [] { return Instant{}; };
  std::function<WallTime()> wall = [] { return WallTime{}; };
  /// Asked in the midst of a release, once it goes on by itself: does who started it still live?
  std::function<bool()> lives = [] { return true; };
};

/// The host is not owned, and outlives the driver.
class VersionsDriver final : public Driver {
 public:
  explicit VersionsDriver(VersionsHost& host) : host_(host) {}
  Description describe() const override;
  Result<Prepared> prepare(const Request& request, const Variables& variables,
                           Deadline deadline) override;
  Result<Observation> observe(const EnvironmentId& id, const Json& wanted, const Memory& memory,
                              const Variables& variables, Deadline deadline) override;
  Result<Outcome> perform(const Attempt& attempt, const Variables& variables, Progress& progress,
                          std::stop_token stop) override;
  Result<Outcome> recover(const Attempt& attempt, const Variables& variables, Progress& progress,
                          std::stop_token stop) override;
  Result<SealedRecords> snapshot(const EnvironmentId& id, const Json& wanted,
                                 Deadline deadline) override;
  Result<Prepared> restore(const Recorded& recorded, Deadline deadline) override;
  std::vector<Finding> check(Deadline) override { return {}; }

 private:
  Resource service(const std::string& name, const std::string& tag) const;
  void add_artifacts(const Json& wanted, const Memory& memory, Observation& into) const;
  /// Whose labels everything shows: ours, and none that the ledger cannot know.
  Status owned(const Memory& memory) const;
  void change(const std::string& name, const std::string& tag, const Attempt& attempt);
  Result<Outcome> release(const Attempt& attempt, const std::string& tag, Progress& progress);
  Outcome end(ReleaseTask& task);
  bool well(const std::string& tag) const;
  Outcome verify(const std::string& tag, const Variables& variables);
  VersionsHost& host_;
};

}  // namespace reconciler::simulation
