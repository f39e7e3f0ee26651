// What must hold of an environment whatever happened to it, asked after each step.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/disk.hpp"
#include "tests/simulation/story.hpp"

namespace reconciler::simulation {

/// What a pass was to do, as people were told it.
struct Shown {
  std::optional<Plan> plan;  ///< none: it agreed to none
  std::optional<Plan> back;  ///< what it went back by
};

/// Remembers from one step to the next. Neither story nor disk is owned.
class Invariants {
 public:
  /// Listens to each call that changes something; set as VersionsHost::on_call. What does not hold
  /// at such a moment is said by the next holds().
  Invariants(Story& story, const Disk& disk);

  /// What does not hold, in one sentence; none where all does.
  std::optional<std::string> holds();
  /// The ledger may be an older one from here on.
  void forget_serial() { serial_ = 0; }
  /// Nobody knows any more what was released by now. The first call counts.
  void forget_releases();
  /// How what runs, and the state file, differ from a version.
  std::optional<std::string> differs(const std::string& target) const;
  /// What was done since `before` calls is a beginning of what was shown, then at most a beginning
  /// of the way back that it named.
  std::optional<std::string> declared(const Shown& shown, size_t before) const;

 private:
  void hear(const std::string& call);
  std::optional<std::string> of_versions(const Memory& memory) const;
  std::optional<std::string> of_releases() const;
  std::optional<std::string> of_data(const Memory& memory);

  Story& story_;
  const Disk& disk_;
  std::int64_t serial_ = 0;
  std::optional<std::set<std::string>> forgotten_;  ///< tags
  std::optional<std::string> heard_;
  std::string recorded_;  ///< the tag that was current when it was looked last
};

}  // namespace reconciler::simulation
