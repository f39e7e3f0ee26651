// Whether what was done is what was shown.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/simulation/shown.hpp"

namespace reconciler::simulation {

/// The names of containers that the migration runs in begin so.
inline constexpr std::string_view task_names = "a-migrate-run-";
/// Before the name of a container that a person renamed.
inline constexpr std::string_view renamed = "old-";

/// `made`: calls, in the order that they took effect. The first that is in no plan, in one
/// sentence; none where all are a part of what was shown, then at most of the way back that it
/// named, in their order.
std::optional<std::string> undeclared(const std::vector<std::string>& made, const Shown& shown);

}  // namespace reconciler::simulation
