// The plan: the ordered list of work that apply performs, and nothing else.
#pragma once

#include <algorithm>
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
  std::string opens_when;          ///< what to type, or what has to happen
  std::set<std::string> grants{};  ///< what an approval lets through once the plan was begun
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
  std::string taken_over;  ///< what others made and counts as known from here on, in words
  std::vector<Action> actions;
  std::vector<std::string> stays;  ///< beside what is switched, what is left alone
  std::vector<Gate> gates;
  bool rebuilds = false;                ///< a person wants built anew what is there already
  std::optional<std::string> fallback;  ///< the release a failure goes back to
  bool fallback_is_asked = false;       ///< of a person's wish: that is what git asks for
  std::string on_failure;               ///< what happens on a failure, for people
  std::optional<Stall> stalled;
  std::optional<std::string> by_hand;  ///< what runs was deployed past us: its tag
  std::optional<Target> held;          ///< it works towards this in the place of what git asks for
  std::vector<ResourceId> excused;     ///< unwell before, and not touched: no check fails for them
  std::vector<Action> reported;        ///< what differs and is left alone: `drift: report`
  std::optional<Suspension> suspended;
  /// What differs though nothing new was asked for, by thing and field: counted when it is put
  /// right; with Stalled/Flapping, what came back once too often.
  std::set<std::pair<ResourceId, std::string>> drifted;
  /// `web (state)`: while gates are closed, what runs is looked after, but for this, which came
  /// back too often.
  std::vector<std::string> left_alone;
  std::map<std::string, std::string> assumed;  ///< Desired::assumed: counts as done from the run on
  Artifacts artifacts;                         ///< of the version that it goes to
  /// Tags, each with an artifact of it, that the environment stops to count on with the record.
  std::set<std::pair<std::string, ResourceId>> released;
  bool empty() const { return actions.empty(); }
  /// Nothing of it is performed: a person stopped it or has to answer, or a gate is closed.
  bool waits() const { return stalled || suspended || closed() > 0; }
  /// How many gates are.
  std::ptrdiff_t closed() const { return std::ranges::count(gates, false, &Gate::open); }
};

/// One try at an action. `id` is the ledger's serial, a label on what it makes.
struct Attempt {
  std::string id;
  EnvironmentId environment;
  std::string lineage;
  std::string once_key;
  Work work;
  std::vector<ResourceId> excused{};  ///< a check is not to fail for these alone
};

/// What a driver says became of an attempt. `evidence`: exit_code, lines (the last ones), detail;
/// of a check that fails, final: true where asking again gives no other answer.
struct Outcome {
  Fate fate = Fate::unknown;
  Json evidence;
};

/// The plan as one JSON object, without format_version; and the parts that are kept in a saved
/// plan.
Json to_json(const Plan& plan);

}  // namespace reconciler
