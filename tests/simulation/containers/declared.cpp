#include "tests/simulation/containers/declared.hpp"

#include <fmt/format.h>

#include "reconciler/base/text.hpp"

namespace reconciler::simulation {
namespace {

/// The calls of a plan in its order, those of the ledger left out; a task's container has a name
/// that is not known beforehand.
std::vector<std::string> calls_of(const Plan& plan) {
  std::vector<std::string> all;
  for (const auto& action : plan.actions) {
    if (action.work.targets.empty() || action.work.targets[0].driver == "ledger") continue;
    all.insert(all.end(), action.work.calls.begin(), action.work.calls.end());
  }
  return all;
}

/// Containers are known by their IDs: one that a person renames meanwhile is the same still.
std::string as_it_was_called(std::string call) {
  for (auto at = call.find(renamed); at != std::string::npos; at = call.find(renamed))
    call.erase(at, renamed.size());
  return call;
}

bool is_as_declared(const std::string& made, const std::string& declared) {
  const auto star = declared.find(std::string(task_names) + "*");
  if (star == std::string::npos) return as_it_was_called(made) == as_it_was_called(declared);
  return made.starts_with(declared.substr(0, star + task_names.size()));
}

/// How many of `made` from `at` on are declared, in that order.
size_t declared_from(const std::vector<std::string>& made, size_t at,
                     const std::vector<std::string>& declared) {
  for (const auto& one : declared)
    if (at < made.size() && is_as_declared(made[at], one)) ++at;
  return at;
}

}  // namespace

std::optional<std::string> undeclared(const std::vector<std::string>& made, const Shown& shown) {
  if (made.empty()) return std::nullopt;
  if (!shown.plan) return "done without a plan: " + made.front();
  auto told = calls_of(*shown.plan);
  const auto most = declared_from(made, 0, told);
  if (most == made.size()) return std::nullopt;
  if (shown.back && shown.back->to == shown.plan->fallback) {
    const auto back = calls_of(*shown.back);
    for (size_t from = 0; from <= most; ++from)
      if (declared_from(made, from, back) == made.size()) return std::nullopt;
    told.push_back("and back");
    told.insert(told.end(), back.begin(), back.end());
  }
  return fmt::format("{} was in no plan; shown was: {}", made[most], join(told, ", "));
}

}  // namespace reconciler::simulation
