// What releases write, and the backups of it: rows, one for each release that was done, with no
// guard at all.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/driver/driver.hpp"

namespace reconciler::simulation {

struct Data {
  bool backed_up = false;         ///< manifests say how it is backed up, and brought back
  std::vector<std::string> rows;  ///< tags whose release is in it, in order
  bool half = false;              ///< a restore has begun, and none was whole since
  bool cannot_bring_back = false;
  int era = 0;                        ///< how often we touched it, or what works on it
  size_t needless = 0;                ///< backups that were let go as such
  std::map<std::string, int> made{};  ///< in which era, by file
  std::optional<std::string> wrong;   ///< what was done to it that must never be, in one sentence

  void release(const std::string& tag);
  /// Something begins that may change it.
  void touch() { ++era; }
  bool has(const std::string& tag) const;
  /// Somebody puts right by hand what was left half of that file; as it would be with all of it.
  void put_right(const std::string& folder, const std::string& file);
};

/// How a manifest says that it is backed up and brought back; `tag`: of the version.
std::vector<Step> data_steps(const std::string& tag);
/// A file of BackupFolder, as the work's input says; `at`: now.
Result<Outcome> back_up(Data& data, const Json& input, WallTime at);
/// `lives`: whether who brings it back still does, once half of it is there.
Result<Outcome> bring_back(Data& data, const Json& input, Progress& progress,
                           const std::function<bool()>& lives);
/// Wrong where one is needless though no older one of its era stays.
Result<Outcome> prune_backups(Data& data, const Json& input);

}  // namespace reconciler::simulation
