#include "reconciler/cli/together.hpp"

#include <algorithm>

#include "reconciler/base/text.hpp"
#include "reconciler/plan/render.hpp"

namespace reconciler::cli {
namespace {

std::string titles_of(const std::vector<Action>& all) {
  if (all.size() == 1) return all.front().title;
  std::vector<std::string> titles;
  if (all.front().work.phase == Phase::record) {
    for (const auto& action : all) titles.push_back(action.title);
    // The ledger's own row goes without saying where state files say the same.
    const auto& targets = all.front().work.targets;
    if (!targets.empty() && targets.front().driver == "ledger") titles.erase(titles.begin());
    return join(titles, ", ");
  }
  return join(things_pruned(all), ", ");
}

}  // namespace

bool Together::may_take(const Action& action, std::string_view detail) {
  if (action.work.phase == Phase::record) return true;  // what it says is its title
  return action.work.phase == Phase::prune && action.work.verb == "prune" && detail.empty();
}

bool Together::takes(const Action& action) const {
  return all_.empty() || (all_.front().work.phase == action.work.phase &&
                          all_.front().work.verb == action.work.verb);
}

void Together::add(const Action& action, Duration took) {
  all_.push_back(action);
  took_ += took;
}

std::pair<std::string, std::optional<Duration>> Together::take() {
  Action one = all_.front();
  one.title = titles_of(all_);
  const bool recorded = one.work.phase == Phase::record;
  const auto took = recorded ? std::optional<Duration>() : took_;
  all_.clear();
  took_ = {};
  return {render_line(one), took};
}

}  // namespace reconciler::cli
