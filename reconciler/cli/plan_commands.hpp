// A plan as the lines that a person could type, for understanding, and for the day without us.
#pragma once

#include <string>

#include "reconciler/driver/registry.hpp"
#include "reconciler/model/plan.hpp"

namespace reconciler::cli {

/// A shell script to read: each action as a comment, and the lines under it that its driver has for
/// it. Where there are none, that is said. Nothing of it was run.
std::string commands_of(const Plan& plan, const Drivers& drivers);
Json commands_json(const Plan& plan, const Drivers& drivers);

}  // namespace reconciler::cli
