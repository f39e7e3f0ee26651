// What the processes of a machine have for its containers: the real Docker driver, through a seam
// to the Engine, and a builder of images.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "reconciler/driver/driver.hpp"
#include "tests/simulation/containers/engine_seam.hpp"
#include "tests/simulation/containers/stack.hpp"
#include "tests/simulation/process.hpp"

namespace reconciler::simulation {

/// Owns its seam. The rest outlives it; `changed` hears of each call that took effect.
std::unique_ptr<Driver> containers_driver(Life& life, const std::function<void()>& at_change,
                                          Machine& machine, StackCompiler& compiler,
                                          const InstallationKey& key, const Place& place,
                                          std::function<void(const std::string&)> changed);

}  // namespace reconciler::simulation
