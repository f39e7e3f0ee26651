#include "reconciler/service/log_events.hpp"

#include <fmt/format.h>

namespace reconciler {
namespace {

std::string with_detail(std::string text, std::string_view detail) {
  if (!detail.empty()) text += fmt::format(": {}", detail);
  return text;
}

}  // namespace

void LogEvents::finished(const Action& action, Duration took, std::string_view detail) {
  log_.info(with_detail(fmt::format("{}: {} {} done in {}", environment_, action.work.verb,
                                    action.title, for_people(took)),
                        detail));
}

void LogEvents::failed(const Action& action, Duration took, std::string_view detail,
                       const std::vector<std::string>& last_lines) {
  log_.warn(with_detail(fmt::format("{}: {} {} failed after {}", environment_, action.work.verb,
                                    action.title, for_people(took)),
                        detail));
  for (const auto& line : last_lines) log_.warn(fmt::format("{}:   {}", environment_, line));
}

void LogEvents::going_back(const Plan& back) {
  log_.warn(
      fmt::format("{}: goes back to {}: plan {}", environment_, back.to, back.id.substr(0, 6)));
}

}  // namespace reconciler
