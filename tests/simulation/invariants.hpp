// What must hold of an environment whatever happened to it, asked after each step.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tests/simulation/disk.hpp"
#include "tests/simulation/scene.hpp"
#include "tests/simulation/story.hpp"

namespace reconciler::simulation {

/// Remembers from one step to the next. None of what it looks at is owned.
class Invariants {
 public:
  Invariants(Story& story, Scene& scene, const Disk& disk)
      : story_(story), scene_(scene), disk_(disk) {}

  /// What does not hold, in one sentence; none where all does.
  std::optional<std::string> holds();
  /// The ledger may be an older one from here on.
  void forget_serial() { serial_ = 0; }

 private:
  Story& story_;
  Scene& scene_;
  const Disk& disk_;
  std::int64_t serial_ = 0;
};

}  // namespace reconciler::simulation
