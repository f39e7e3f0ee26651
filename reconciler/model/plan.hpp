// The plan: the ordered list of work that apply performs, and nothing else.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/model/desired.hpp"
#include "reconciler/model/memory.hpp"
#include "reconciler/model/resource.hpp"

namespace reconciler {

struct Action {
  std::string key;  ///< digest of what it does
  Work work;
  std::string title;   ///< what people see: `portfolio-backend:v1.2.3`, `backend`, `release`
  std::string reason;  ///< never empty
  std::vector<Difference> differences;
  std::string once_key;  ///< for once-a-tag work
  bool warn = false;
  bool artifact = false;  ///< on what environments of the host share: under a lock of its own
};

/// What must be met before the target may change.
struct Gate {
  std::string name;
  bool open = false;
  std::string why;
  std::string opens_when;
};

/// Why an environment cannot go on without a person; derived from facts, never stored.
struct Stall {
  std::string reason;  ///< CamelCase: ReleaseFailed, ReleaseOutcomeUnknown
  std::string why;
  std::string next;  ///< what to type
};

struct Plan {
  std::string id;  ///< digest(environment, lineage, action keys in order, fallback)
  EnvironmentId environment;
  std::string lineage;
  std::string from;  ///< current tag; empty before the first deploy
  std::string to;
  std::string commit;
  std::string config_commit;
  std::string config_subject;
  std::string desired;  ///< Desired::digest
  std::vector<std::string> notices;
  std::vector<Action> actions;
  std::vector<std::string> stays;  ///< beside what is switched, what is left alone
  std::vector<Gate> gates;
  std::optional<std::string> fallback;  ///< the release a failure goes back to
  std::string on_failure;               ///< what happens on a failure, for people
  std::optional<Stall> stalled;
  std::optional<Target> held;    ///< it works towards this in the place of what git asks for
  std::vector<Action> reported;  ///< what differs and is left alone: `drift: report`
  Artifacts artifacts;           ///< of the version that it goes to
  /// Tags, each with an artifact of it, that the environment stops to count on with the record.
  std::set<std::pair<std::string, ResourceId>> released;
  bool empty() const { return actions.empty(); }
};

/// One try at an action. `id` is the ledger's serial, a label on what it makes.
struct Attempt {
  std::string id;
  EnvironmentId environment;
  std::string lineage;
  std::string once_key;
  Work work;
};

/// What a driver says became of an attempt. `evidence`: exit_code, lines (the last ones), detail.
struct Outcome {
  Fate fate = Fate::unknown;
  Json evidence;
};

/// The plan as one JSON object, without format_version; and the parts that are kept in a saved
/// plan.
Json to_json(const Plan& plan);

}  // namespace reconciler
