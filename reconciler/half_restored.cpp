#include "reconciler/half_restored.hpp"

#include <fmt/format.h>

namespace reconciler {

std::optional<Condition> half_restored(const Ledger& ledger, const EnvironmentId& id) {
  constexpr size_t newest = 50;
  const auto runs = ledger.history(id, newest);
  if (!runs) return std::nullopt;
  for (const auto& run : *runs)
    for (const auto& attempt : run.attempts) {
      if (attempt.verb != "restore") continue;
      if (attempt.fate == Fate::succeeded) return std::nullopt;
      return Condition{
          "Stalled", "RestoreFailed",
          fmt::format("{} was not brought back whole{}{}", attempt.title,
                      attempt.message.empty() ? "" : ": ", attempt.message),
          fmt::format("reconciler restore {}, which lists them, and brings one back", id.text())};
    }
  return std::nullopt;
}

}  // namespace reconciler
