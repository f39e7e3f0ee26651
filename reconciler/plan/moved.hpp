// What moved between two plans for one environment: why a saved plan is not performed any more.
#pragma once

#include <string>
#include <vector>

#include "reconciler/base/result.hpp"
#include "reconciler/model/plan.hpp"

namespace reconciler {

/// A plan as it was saved: enough to see whether planning again gives the same, and to say what
/// moved.
struct SavedPlan {
  std::string id;
  std::string environment;
  std::string lineage;
  std::string to;
  std::string config_commit;
  struct Row {
    std::string key;
    std::string kind;
    std::string title;
  };
  std::vector<Row> actions;
};

/// From one entry of a plan document's `environments`. `plan.invalid`.
Result<SavedPlan> saved_plan_from_json(const Json& value);
SavedPlan saved(const Plan& plan);

/// Empty when `now` is the plan that was saved; else `plan.stale`, each fact one thing that moved.
std::optional<Error> moved(const SavedPlan& was, const Plan& now);

}  // namespace reconciler
