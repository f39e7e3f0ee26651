// What was last fetched from a repository: enough to plan by without asking anyone.
#pragma once

#include <map>
#include <string>

#include "reconciler/base/clock.hpp"
#include "reconciler/base/held.hpp"
#include "reconciler/base/json.hpp"

namespace reconciler {

/// A commit as people are told of it.
struct Change {
  std::string commit;   ///< 40 hexadecimal digits
  std::string subject;  ///< the first line of its message, bounded
  bool operator==(const Change&) const = default;
};

struct Snapshot {
  std::string repository;  ///< its name in the host file; a source's: its URL
  std::string url;
  std::string branch;   ///< empty where a source names no default branch
  std::string commit;   ///< of the branch
  std::string subject;  ///< of that commit
  std::string author;
  std::map<std::string, std::string> refs;  ///< `refs/tags/v1.2.3` -> the commit it leads to
  /// For each folder that holds a manifest, and "" for the whole repository: the last commit that
  /// touched it. Config repositories alone.
  std::map<std::string, Change> touched;
  std::string folder;  ///< manifests of `commit` as files, at their own paths; empty for a source
  std::string mirror;  ///< the bare mirror, for the helper
  WallTime fetched_at{};
  /// The branch there no longer leads on from `commit`: what stands here is the commit before that.
  bool moved_backwards = false;
  std::string offered;  ///< then: the commit that it names now; empty when the branch is gone
  FolderHeld held{};    ///< `folder` is there for as long as this lives; let go of once it is read
};

/// What one application of a config repository is told of it, all that is known of others left out:
/// there may be a thousand of each.
Snapshot of_folder(const Snapshot& config, const std::string& folder);

/// `refs.json`, and back. `folder`, `mirror` and `repository` are not in it: they follow from where
/// it lies.
Json to_json(const Snapshot& snapshot);
Result<Snapshot> snapshot_from_json(const Json& value);

}  // namespace reconciler
