#include "reconciler/apply/supply.hpp"

#include <algorithm>

#include "reconciler/apply/carry_out.hpp"
#include "reconciler/base/parallel.hpp"

namespace reconciler {

Status supply(Run& run, const std::vector<const Action*>& actions) {
  const auto lanes = static_cast<size_t>(std::max(1, run.desired.parallel));
  return in_parallel(lanes, actions.size(), [&](size_t i) {
    return run.cut.stop_requested() ? Status{} : carry_out(run, *actions[i]);
  });
}

}  // namespace reconciler
