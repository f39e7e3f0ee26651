// What manifest and environment ask for at one commit, after the drivers prepared it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reconciler/base/clock.hpp"
#include "reconciler/model/names.hpp"
#include "reconciler/model/resource.hpp"

namespace reconciler {

/// When a step runs again: once a tag; at each change of version; it may run again; never by
/// itself, only when a person asks for it.
enum class Once { tag, change, never, asked };

/// A task or check of the manifest, as its driver prepared it.
struct Step {
  std::string name;
  std::string shown;  ///< as the manifest writes it; variables not filled in
  Once once = Once::never;
  std::string once_key;  ///< (environment, task, tag, commit); empty unless Once::tag
  bool warn = false;     ///< a failed check is said and does not fail the plan
  Work work;
  std::vector<Work> then{};  ///< follows when the step is planned: clearing away what it leaves
};

/// What to do when a target fails.
enum class OnFailure { rollback, hold };

struct Desired {
  EnvironmentId id;
  std::string tag;
  std::string commit;         ///< of the source
  std::string config_commit;  ///< who asked: commit and first line of its message
  std::string config_subject;
  std::string digest;  ///< of all that was asked for
  std::string asked;   ///< digest of what the repository asks with it (asked.hpp)
  std::vector<Step> steps;
  /// Checks, as they are shown, that this version was recorded without: they only warn.
  std::set<std::string> checks_since;
  /// Once-a-tag work of this version that was done past us, by once key: the step's name.
  std::map<std::string, std::string> assumed;
  std::set<ResourceId> required;  ///< what the release depends on
  /// By driver: what each made of its sections, handed back to observe and snapshot. Read by its
  /// driver alone.
  std::map<std::string, Json> wanted;
  Duration verify_timeout{std::chrono::seconds(120)};
  Duration verify_stable{std::chrono::seconds(10)};
  OnFailure on_failure = OnFailure::rollback;
  /// Tags that nothing goes back past by itself, once their release was tried.
  std::set<std::string> irreversible;
  bool heal = true;               ///< drift is put right; else it is only reported
  std::set<std::string> protect;  ///< names of things whose replacement waits for approval
  bool approval = false;          ///< all that is new waits for approval
  bool rebuild = false;           ///< what is built here is built anew: that is no drift
  std::optional<int> keep;        ///< images besides current and previous; none: all
  int parallel = 2;               ///< images supplied at a time
  std::string backups;            ///< the folder of its backups, as the host says now
};

}  // namespace reconciler
