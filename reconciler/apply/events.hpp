// What apply tells while it works. Called from the thread that applies, supply from several: an
// implementation locks for itself.
#pragma once

#include <string_view>

#include "reconciler/base/clock.hpp"
#include "reconciler/model/plan.hpp"

namespace reconciler {

class Events {
 public:
  virtual ~Events() = default;
  virtual void started(const Action& action) = 0;
  /// A line of output, or what it waits for.
  virtual void line(const Action& action, std::string_view text) = 0;
  /// `detail`: a few words on how it went; may be empty.
  virtual void finished(const Action& action, Duration took, std::string_view detail) = 0;
  virtual void failed(const Action& action, Duration took, std::string_view detail,
                      const std::vector<std::string>& last_lines) = 0;
  /// What failed is gone back from: all that follows is of `back`, the plan towards the last good
  /// version.
  virtual void going_back(const Plan& /*back*/) {}
};

}  // namespace reconciler
