// Names of applications and environments, and the pair that names one place an application runs.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "reconciler/base/result.hpp"

namespace reconciler {

/// `portfolio/production`
struct EnvironmentId {
  std::string application;
  std::string environment;
  std::string text() const { return application + "/" + environment; }
  auto operator<=>(const EnvironmentId&) const = default;
};

/// `^[a-z0-9][a-z0-9_-]{0,62}$`, else `name.invalid`. `what` names it in the message.
Status check_name(std::string_view what, std::string_view name);
/// `APP/ENV`, both checked.
Result<EnvironmentId> parse_environment_id(std::string_view text);

}  // namespace reconciler
