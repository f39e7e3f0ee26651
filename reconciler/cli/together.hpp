// What is told in one line when all of it is done: what was recorded, and what was pruned.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reconciler/model/plan.hpp"

namespace reconciler::cli {

/// Actions of one kind that were well, in their order.
class Together {
 public:
  /// Is it one that is told so? One that has something of its own to say is not.
  static bool may_take(const Action& action, std::string_view detail);
  /// Is it told with those that are here?
  bool takes(const Action& action) const;
  bool empty() const { return all_.empty(); }
  void add(const Action& action, Duration took);
  /// Takes all away. As render_line: `record   current_tag v1.2.3, prev_tag v1.2.2`, `prune    2
  /// images`; and how long it took, where people wait for that.
  std::pair<std::string, std::optional<Duration>> take();

 private:
  std::vector<Action> all_;
  Duration took_{};
};

}  // namespace reconciler::cli
