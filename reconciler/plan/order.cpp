#include "reconciler/plan/order.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace reconciler {
namespace {

// Resources are made before steps run on them; steps have no target that others need.
bool is_step(const Action& a) {
  return a.work.phase == Phase::release || a.work.phase == Phase::after ||
         a.work.phase == Phase::verify || a.work.phase == Phase::preflight ||
         a.work.phase == Phase::backup;
}

std::vector<Action> by_need(std::vector<Action> actions) {
  std::sort(actions.begin(), actions.end(), [](const Action& a, const Action& b) {
    return std::tie(a.work.targets, a.work.verb, a.title) <
           std::tie(b.work.targets, b.work.verb, b.title);
  });
  std::map<ResourceId, std::vector<size_t>> makers;
  for (size_t i = 0; i < actions.size(); ++i)
    for (const auto& target : actions[i].work.targets) makers[target].push_back(i);
  std::vector<Action> out;
  std::vector<bool> placed(actions.size());
  const auto ready = [&](size_t i) {
    return std::all_of(actions[i].work.needs.begin(), actions[i].work.needs.end(),
                       [&](const ResourceId& need) {
                         const auto found = makers.find(need);
                         return found == makers.end() ||
                                std::all_of(found->second.begin(), found->second.end(),
                                            [&](size_t j) { return j == i || placed[j]; });
                       });
  };
  std::vector<size_t> order;
  while (order.size() < actions.size()) {
    size_t next = actions.size();
    for (size_t i = 0; i < actions.size() && next == actions.size(); ++i)
      if (!placed[i] && ready(i)) next = i;
    for (size_t i = 0; i < actions.size() && next == actions.size(); ++i)
      if (!placed[i]) next = i;  // a circle: Compose refuses those; keep what is left in name order
    placed[next] = true;
    order.push_back(next);
  }
  out.reserve(actions.size());
  for (const size_t i : order) out.push_back(std::move(actions[i]));
  return out;
}

}  // namespace

void order_actions(std::vector<Action>& actions) {
  std::map<Phase, std::vector<Action>> phases;
  std::map<Phase, std::vector<Action>> steps;
  for (auto& action : actions) {
    auto& into = is_step(action) ? steps[action.work.phase] : phases[action.work.phase];
    into.push_back(std::move(action));
  }
  actions.clear();
  for (int p = 0; p <= static_cast<int>(Phase::prune); ++p) {
    const auto phase = static_cast<Phase>(p);
    // In record the ledger's own transaction is the truth and comes first.
    auto ordered = by_need(std::move(phases[phase]));
    if (phase == Phase::record)
      std::stable_partition(ordered.begin(), ordered.end(), [](const Action& a) {
        return !a.work.targets.empty() && a.work.targets[0].driver == "ledger";
      });
    for (auto& action : ordered) actions.push_back(std::move(action));
    for (auto& action : steps[phase]) actions.push_back(std::move(action));
  }
}

}  // namespace reconciler
